/**
 * SLSA provenance v1, by the builder: from which sources, with which compiler the release was made. Every value of it stands in the
 * manifest too, or follows from it, so a reader accepts one statement and no other.
 */
import { equalBytes } from "../../encoding/bytes.js";
import type { JSONObject } from "../../encoding/json.js";
import { VerificationError } from "../../errors.js";
import type { Manifest, TUFKey } from "../model.js";
import { spkiFromTUFKey } from "../keys.js";
import { type DSSEEnvelope, dsseSigners, malformed } from "./dsse.js";
import { keyURI, releaseSubjects, releaseURI, signedPartDigest } from "./release-subjects.js";
import { type Statement, formatStatement, parseStatement } from "./statement.js";

export const provenanceType = "https://slsa.dev/provenance/v1";
/** SPEC §12.3.1: how `externalParameters` and dependencies are to be read. */
const buildType = "rulemint:compile/v1";

/** SPEC §12.3.1: a function of the manifest and the builder's key. */
export async function provenanceFor(
  manifest: Manifest,
  signed: JSONObject,
  builder: Uint8Array,
): Promise<Statement> {
  const { block } = manifest;
  const { compiler } = block;
  const dependencies = [
    { uri: "rulemint:source-tree", digest: { sha256: block.sourceTreeSha256 } },
    { uri: "rulemint:approvals", digest: { sha256: block.approvalsSha256 } },
    { uri: `rulemint:compiler/${compiler.name}/${compiler.version}`, digest: { sha256: compiler.sha256 } },
    ...(block.previousManifestSha256 === null
      ? []
      : [{ uri: "rulemint:previous-manifest", digest: { sha256: block.previousManifestSha256 } }]),
  ];
  return {
    subjects: releaseSubjects(manifest, await signedPartDigest(signed)),
    predicateType: provenanceType,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          feed: block.feed,
          release: block.release,
          ...(block.restores !== undefined && { restores: block.restores }),
        },
        resolvedDependencies: dependencies,
      },
      runDetails: {
        builder: { id: await keyURI(builder), version: { [compiler.name]: compiler.version } },
        metadata: { invocationId: releaseURI(block), finishedOn: block.createdAt },
      },
    },
  };
}

/**
 * SPEC §12.3.2: by a key that signed the manifest, and saying what the manifest says, member for member.
 *
 * @throws VerificationError ATTESTATION_MALFORMED, ATTESTATION_SIGNATURE, ATTESTATION_MISMATCH
 */
export async function verifyProvenance(
  envelope: DSSEEnvelope,
  manifest: Manifest,
  signed: JSONObject,
  keys: readonly TUFKey[],
): Promise<Statement> {
  const statement = parseStatement(envelope);
  if (statement.predicateType !== provenanceType) throw malformed(provenanceType, statement.predicateType);
  for (const key of keys) {
    if ((await dsseSigners(envelope, [key])).size === 0) continue;
    const expected = await provenanceFor(manifest, signed, spkiFromTUFKey(key));
    if (equalBytes(formatStatement(expected), formatStatement(statement))) return statement;
    throw new VerificationError(
      "ATTESTATION_MISMATCH",
      "expected the provenance that follows from the manifest, got another",
    );
  }
  throw new VerificationError(
    "ATTESTATION_SIGNATURE",
    "expected a signature of a key that signed the manifest",
  );
}
