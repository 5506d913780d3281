/**
 * SPEC §14.6.2: that the log under which a release was published continues what the auditor saw last. Without that, a log that was rolled back
 * or forked since then looks sound in every single bundle.
 */
import { base64Text, equalBytes, utf8Bytes, utf8Text } from "../../core/encoding/bytes.js";
import { VerificationError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import type { TreeHead } from "../../core/log/checkpoint.js";
import { hashBytes, wholeLines } from "../../core/log/lines.js";
import { makeConsistencyProof } from "../../core/log/make-proof.js";
import { verifyConsistency } from "../../core/log/merkle.js";
import { tileNodes } from "../../core/log/tiles.js";
import type { ProvenRelease, SignaturePolicy } from "../../core/trust/model.js";
import type { PublicFiles } from "../fetch-file.js";
import { logPolicyFor, logTiles, readCheckpoint } from "../log-view.js";
import type { AuditLog } from "../report.js";
import { inMemory } from "./derived.js";
import { type BundleFile, bundlePaths } from "./layout.js";
import { type Bundle, malformed } from "./open.js";

const ordered = (one: TreeHead, other: TreeHead) =>
  one.size <= other.size ? { before: one, after: other } : { before: other, after: one };

/** The checkpoint as it was given, and the hashes that lead from the smaller to the larger of the two trees. */
export async function sinceFiles(
  files: PublicFiles,
  since: Uint8Array | undefined,
  published: TreeHead | undefined,
  policy: SignaturePolicy,
): Promise<BundleFile[]> {
  if (since === undefined) return [];
  if (published === undefined)
    throw new VerificationError("LOG_PROOF_MISSING", "expected a release in a log, got none");
  const { checkpoint } = await readCheckpoint(since, logPolicyFor(policy, undefined));
  const { before, after } = ordered(checkpoint, published);
  const hashes = await makeConsistencyProof(before.size, after.size, tileNodes(after.size, logTiles(files)));
  const lines = hashes.map((hash) => `${base64Text(hash)}\n`).join("");
  return [
    await inMemory(bundlePaths.since, since),
    await inMemory(bundlePaths.consistency, utf8Bytes(lines)),
  ];
}

/**
 * @throws VerificationError LOG_FORK when both are signed and contradict each other; LOG_CONSISTENCY_FAILED without a proof that joins them
 */
export async function auditSince(
  log: AuditLog,
  bundle: Bundle,
  release: ProvenRelease,
  policy: SignaturePolicy,
  since: Uint8Array | undefined,
): Promise<void> {
  if (since === undefined && !bundle.has(bundlePaths.since)) {
    log.notes.push(
      "Whether the log continues what you saw last was not asked: without `--since CHECKPOINT` a log that was rolled back or forked is not noticed.",
    );
    return;
  }
  await log.step("The log continues what was seen", "SPEC §14.6.2", async () => {
    const published = release.log?.checkpoint;
    if (published === undefined) {
      throw new VerificationError("LOG_PROOF_MISSING", "expected a release in a log, got none");
    }
    const given = since ?? (await bundle.read(bundlePaths.since, limits.noteBytesMax));
    const { checkpoint } = await readCheckpoint(given, logPolicyFor(policy, undefined));
    if (checkpoint.origin !== published.origin)
      throw malformed(`a checkpoint of ${published.origin}`, checkpoint.origin);
    const { before, after } = ordered(checkpoint, published);
    for (const other of [published, ...(await bundledView(bundle, policy))])
      requireSameTree(checkpoint, other);
    verifyConsistency({ before, after, proof: await readProof(bundle, before.size === after.size) });
    const evidence = [
      `seen: ${checkpoint.size} entries, root ${base64Text(checkpoint.root)}`,
      `in this bundle: ${published.size} entries, root ${base64Text(published.root)}`,
    ];
    if (since === undefined)
      log.notes.push(
        "The log was held against the checkpoint that the bundle brought, and not against one of yours.",
      );
    return { value: undefined, evidence };
  });
}

/** The checkpoint that the bundle brought: signed by the same log, so it convicts it like any other. */
async function bundledView(bundle: Bundle, policy: SignaturePolicy): Promise<TreeHead[]> {
  if (!bundle.has(bundlePaths.since)) return [];
  const bytes = await bundle.read(bundlePaths.since, limits.noteBytesMax);
  return [(await readCheckpoint(bytes, logPolicyFor(policy, undefined))).checkpoint];
}

function requireSameTree(one: TreeHead, other: TreeHead): void {
  if (one.size !== other.size || equalBytes(one.root, other.root)) return;
  throw new VerificationError(
    "LOG_FORK",
    `expected one tree of ${one.size} entries, got two, both signed by the log`,
  );
}

async function readProof(bundle: Bundle, isSame: boolean): Promise<Uint8Array[]> {
  if (isSame) return [];
  if (!bundle.has(bundlePaths.consistency)) {
    throw new VerificationError(
      "LOG_CONSISTENCY_FAILED",
      "expected a proof from that checkpoint in the bundle, got none: export it with `--since`",
    );
  }
  const text = utf8Text(await bundle.read(bundlePaths.consistency, limits.noteBytesMax));
  return text === "" ? [] : wholeLines(text).map(hashBytes);
}
