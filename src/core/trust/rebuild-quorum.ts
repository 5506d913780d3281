/**
 * k of n: the customer's own demand for rebuilds, on top of the feed's threshold. Whom to believe is the policy's to say; nothing in
 * the publisher's tree can add a key or lower k.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import { PolicyError, VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { parsePEM } from "../encoding/pem.js";
import type { JSONValue } from "../encoding/json.js";
import { type DSSEEnvelope, dsseSigners } from "./attest/dsse.js";
import { type RebuildVerdict, isVerdictOn, parseVerdict } from "./attest/verdict.js";
import { tufKeyFromSPKI } from "./keys.js";
import { array, malformed, object, text } from "./metadata.js";
import type { NamedCheck, TUFKey } from "./model.js";

/** SPEC §5.5.5: k of n keys of the customer's own choosing. */
export interface RebuilderPolicy {
  /** So many of the keys must have said PASSED. */
  readonly threshold: number;
  /** PEM, P-256 or Ed25519. */
  readonly keys: readonly string[];
}

/** SPEC §5.5.5. @throws VerificationError METADATA_MALFORMED, ENCODING_MALFORMED */
export function readRebuilderPolicy(value: JSONValue): RebuilderPolicy {
  const { threshold, keys: listed } = object(value, "rebuilders");
  const keys = array(listed, "rebuilders' keys", limits.rebuilderKeysMax).map((pem) => text(pem, "a key"));
  const distinct = new Set(keys.map((pem) => keyOfPEM(pem).keyval.public));
  if (distinct.size !== keys.length) throw malformed("each rebuilder's key once", keys.length);
  if (typeof threshold !== "number" || threshold < 1 || threshold > keys.length) {
    throw malformed("a threshold from 1 to the number of keys", threshold);
  }
  return { threshold, keys };
}

/** @throws VerificationError METADATA_MALFORMED for anything but P-256 and Ed25519 */
export function keyOfPEM(pem: string): TUFKey {
  const [spki, ...more] = parsePEM(pem, "PUBLIC KEY");
  if (spki === undefined || more.length > 0) throw malformed("one PEM public key", pem);
  return tufKeyFromSPKI(spki, spki.length < 64 ? "ed25519" : "ecdsa-sha2-nistp256");
}

export interface RebuildClaim {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly signedSha256: Sha256Hex;
  /** As they came; each is judged alone. */
  readonly verdicts: readonly DSSEEnvelope[];
}

/** Of all verdicts those that the policy's keys signed, whatever they are about: what is worth keeping. */
export async function trustedVerdicts(
  verdicts: readonly DSSEEnvelope[],
  policy: RebuilderPolicy,
): Promise<DSSEEnvelope[]> {
  const keys = policy.keys.map(keyOfPEM);
  const kept: DSSEEnvelope[] = [];
  for (const envelope of verdicts) if ((await dsseSigners(envelope, keys)).size > 0) kept.push(envelope);
  return kept;
}

/**
 * SPEC §7.20 and §7.21. Verdicts of other keys, on other manifests, or that do not verify are as if they were not there.
 *
 * @throws PolicyError REBUILD_FAILED, REBUILD_QUORUM
 */
export async function verifyRebuilds(claim: RebuildClaim, policy: RebuilderPolicy): Promise<NamedCheck[]> {
  const passed = new Set<string>();
  for (const envelope of claim.verdicts) {
    const verdict = readable(envelope);
    if (verdict === undefined || !isVerdictOn(verdict, claim)) continue;
    const signers = await dsseSigners(envelope, policy.keys.map(keyOfPEM));
    if (signers.size === 0) continue;
    // SPEC §7.20: one trusted no outweighs every yes, and a later yes by the same key does not take it back.
    if (verdict.result === "FAILED") {
      throw new PolicyError(
        "REBUILD_FAILED",
        `expected no rebuilder to refuse release ${claim.release}, got FAILED by ${quote(verdict.verifierID)}: ${quote(verdict.explanation)}`,
      );
    }
    for (const signer of signers) passed.add(signer);
  }
  // SPEC §7.21: distinct keys, not signatures and not verdicts.
  if (passed.size < policy.threshold) {
    throw new PolicyError(
      "REBUILD_QUORUM",
      `expected ${policy.threshold} of ${policy.keys.length} rebuilders to have passed release ${claim.release}, got ${passed.size}`,
    );
  }
  const evidence = `${passed.size} of ${policy.keys.length}, ${policy.threshold} asked`;
  return [
    { name: "no rebuilder of the policy refused it", clause: "SPEC §7.20", evidence },
    { name: "enough rebuilders of the policy passed it", clause: "SPEC §7.21", evidence },
  ];
}

function readable(envelope: DSSEEnvelope): RebuildVerdict | undefined {
  try {
    return parseVerdict(envelope);
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
