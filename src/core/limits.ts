/** Every limit that verification code enforces, in one place, with its unit in its name. */
export const limits = {
  jsonDepthMax: 32,
  // metadata: the defaults every TUF client of the field shares
  rootBytesMax: 512_000,
  timestampBytesMax: 16_384,
  snapshotBytesMax: 2_000_000,
  targetsBytesMax: 5_000_000,
  rootRotationsMax: 256,
  metadataSignaturesMax: 32,
  metadataKeysMax: 256,
  delegatedRolesMax: 32,
  delegatedPathsMax: 100_000,
  roleNameBytesMax: 200,
  // evidence
  cmsBytesMax: 512 * 1024,
  certificatesMax: 8,
  derDepthMax: 32,
  derNodesMax: 131_072,
  pathDepthMax: 4,
  signatureChecksMax: 100,
  /** A list of some ten thousand certificates; how many lists and responses one signature may bring. */
  crlBytesMax: 512 * 1024,
  revocationItemsMax: 16,
  /** Of one path: names times constraints; of one certificate: policies, and mappings. */
  nameComparisonsMax: 65_536,
  policiesMax: 64,
  timestampFutureSecondsMax: 300,
  /** Of the document with the signatures over ClamAV's files. */
  clamavSignaturesBytesMax: 4 * 1024 * 1024,
  /** Of a manifest's list; and how many releases an endpoint goes back along the chain of manifests. */
  blockedDatabasesMax: 64,
  chainedReleasesMax: 64,
  /** Names of engines in one manifest. */
  engineRangesMax: 16,
  // the log
  noteBytesMax: 64 * 1024,
  noteSignaturesMax: 64,
  /** A tree of 2^53 entries is 53 high; the formats allow for 63. */
  proofHashesMax: 63,
  logPolicyBytesMax: 64 * 1024,
  /** Of the document with a release's log proof. */
  evidenceBytesMax: 256 * 1024,
  logPolicyItemsMax: 128,
  // attestations; one must fit into an entry of a log (65,535 bytes)
  attestationBytesMax: 60 * 1024,
  attestationSignaturesMax: 16,
  attestationSubjectsMax: 64,
  attestationTextMax: 4_000,
  verdictsMax: 256,
  verdictListBytesMax: 2 * 1024 * 1024,
  rebuilderKeysMax: 32,
  // database and packs
  recordBytesMax: 16 * 1024 * 1024,
  sectionRecordsMax: 2 ** 31,
  databaseBytesMax: 64 * 2 ** 30,
  /** Of one section: its sparse index, or its id table. */
  databaseIndexBytesMax: 64 * 1024 * 1024,
  packHeaderBytesMax: 64 * 1024,
  /** A part of a delta: coded bytes, old records that the models learn, and buckets of the text model (powers of two). */
  partBytesMax: 20 * 1024 * 1024,
  exemplarsMax: 8192,
  /** Edits may use one of the first records that their change leaves out; more are not kept in memory. */
  removedSourcesMax: 256,
  exemplarBytesMax: 128 * 1024,
  deltaModelBitsMax: 19,
  /** What one piece of a full pack holds of the database. A stream of xz may have a little more than it holds: not all can be compressed. */
  zstdBlockBytesMax: 256 * 1024,
  xzBlockBytesMax: 8 * 1024 * 1024,
  xzBlockPackedBytesMax: 9 * 1024 * 1024,
  // evidence bundles: files in all, and their paths below the bundle
  bundleFilesMax: 200_000,
  bundlePathBytesMax: 400,
  // submissions
  fileBytesMax: 64 * 1024 * 1024,
  submissionBytesMax: 512 * 1024 * 1024,
  submissionFilesMax: 20_000,
  pathBytesMax: 240,
  findingsMax: 10_000,
} as const;
