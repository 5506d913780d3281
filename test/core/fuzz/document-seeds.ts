/** Good documents of the kinds that no file of the vectors holds alone: made by our writers, or cut out of larger ones. */
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { type DERNode, parseDER } from "../../../src/core/encoding/der.js";
import { RulemintError } from "../../../src/core/errors.js";
import {
  type AccessEntry,
  accessKinds,
  formatAccessEntry,
  formatHeartbeat,
} from "../../../src/core/log/access-entries.js";
import { formatAccessFile } from "../../../src/core/log/access-file.js";
import { formatClamAVSignatures } from "../../../src/core/release/clamav-signatures.js";
import { formatSources } from "../../../src/core/release/sources.js";
import { formatEvidence } from "../../../src/core/trust/evidence.js";
import { formatProposal } from "../../../src/core/trust/proposal.js";

const feed = feedName("endpoint");
const release = releaseNumber(7);
const digest = (digit: string) => sha256Hex(digit.repeat(64));
const at = "2026-08-22T09:14:00.000Z";

/** Whatever inside these values `read` takes, at any depth. */
export function partsTaken(ders: readonly Uint8Array[], read: (der: Uint8Array) => unknown): Uint8Array[] {
  const found: Uint8Array[] = [];
  const visit = (node: DERNode): void => {
    if (taken(read, node.bytes)) found.push(node.bytes.slice());
    else for (const child of node.children) visit(child);
  };
  for (const der of ders) if (taken(parseDER, der)) visit(parseDER(der));
  return found;
}

export function taken(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    read(bytes);
    return true;
  } catch (error) {
    if (error instanceof RulemintError) return false;
    throw error;
  }
}

const revision = (ruleset: string, kind: "yara" | "sigma") => ({
  ...{ ruleset, kind, submission: "s-000000000001", digest: digest("a"), author: "ann" },
  ...{ approvedBy: "ben, mia", approvedAt: at, leaveOutInvalid: kind === "yara" },
  leftOut: kind === "yara" ? [{ path: "b.yar", line: 12 }] : [],
  files: ["a.yar", "ü/b.yar"].map((path) => ({ path, sha256: digest("b"), bytes: 1234 })),
});

export const sourceLists = [
  formatSources({ schema: 1, revisions: [] }),
  formatSources({ schema: 1, revisions: [revision("loaders", "yara"), revision("windows", "sigma")] }),
];

export const clamavSignatures = (cms: readonly Uint8Array[]): Uint8Array[] =>
  [0, 1, 3].map((count) => {
    const files = cms.slice(0, count).map((one, i) => ({ path: `f${i}.ndb`, sha256: digest("c"), cms: one }));
    return formatClamAVSignatures({ feed, release, files });
  });

const entry: AccessEntry = {
  ...{ kind: "access", time: at, who: "ann", rights: ["analyst", "reviewer"], operation: "getSources" },
  ...{ target: "/v1/sources", objects: [digest("d"), digest("e")], from: "127.0.0.1", why: "größer ✓" },
  ...{ review: "", of: null, code: null },
};
export const accessEntries = accessKinds.map((kind, i) =>
  formatAccessEntry({ ...entry, kind, ...(i % 2 === 1 && { of: i * 1000, code: "ROLE_REFUSED" }) }),
);
export const accessLeaves = (["alive", "stopping"] as const).map((state) =>
  formatHeartbeat({ time: at, intervalSeconds: 3600, state }),
);

export function accessFiles(checkpoint: Uint8Array, proof: Uint8Array): Uint8Array[] {
  const hash = new Uint8Array(32).fill(7);
  const opening = { salt: new Uint8Array(16).fill(3), entry: utf8Text(accessEntries[0] as Uint8Array) };
  const leaf = { index: 4, leaf: hash, opening, proof: [hash, hash] };
  const [beat = hash] = accessLeaves;
  const leaves = [leaf, { index: 5, leaf: beat, opening: null, proof: [hash] }];
  const anchors = [{ entry: "an entry\n", proof: utf8Text(proof), consistency: [hash, hash] }];
  const whole = { checkpoint: utf8Text(checkpoint), from: 4, to: 6, complete: true };
  return [
    formatAccessFile({ ...whole, leaves: [], anchors: [] }),
    formatAccessFile({ ...whole, leaves, anchors }),
  ];
}

export function evidences(proof: Uint8Array): Uint8Array[] {
  const index = { feed, release, manifestSha256: digest("1"), cmsSha256: digest("2") };
  const more = { mldsaSha256: digest("3"), clamavSha256: digest("4"), provenanceSha256: digest("5") };
  const hashes = [7, 9].map((octet) => new Uint8Array(32).fill(octet));
  const log = { entry: "an entry\n", proof: utf8Text(proof) };
  return [
    formatEvidence(index),
    formatEvidence({ ...index, ...more, log }),
    formatEvidence({ ...index, log: { ...log, consistency: { from: 3, hashes } } }),
  ];
}

export const proposals = (root: Uint8Array, targets: Uint8Array): Uint8Array[] => [
  formatProposal({ role: "root", root, current: root, next: root }),
  formatProposal({ role: "targets", root, current: targets, next: targets }),
  utf8Bytes(utf8Text(formatProposal({ role: "targets", root, current: targets, next: targets })).trim()),
];
