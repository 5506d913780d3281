/**
 * The overseer's answer after its own rebuild. PASSED comes with a signature over the staged manifest and
 * makes it one that clients accept; FAILED ends the release.
 */
import { type FeedName, type ReleaseNumber, sha256Hex } from "../core/brands.js";
import { equalBytes, hexBytes } from "../core/encoding/bytes.js";
import { OperationError, PolicyError, VerificationError, quote } from "../core/errors.js";
import { keyID } from "../core/trust/keys.js";
import { parseEnvelope, parseTargets } from "../core/trust/metadata.js";
import { parseParties } from "../core/trust/parties.js";
import type { TUFKey } from "../core/trust/model.js";
import { addSignature, tufKeyOfSigner } from "../issuing/tuf-signatures.js";
import type { ServiceContext } from "./context.js";
import { releaseWrite, requireRelease, timeText } from "./documents.js";
import type { Identity, PublicationRecord, ReleaseRecord } from "./model.js";
import { requireRole } from "./roles.js";
import { serially } from "./serially.js";
import { readObject } from "./source-batches.js";

export interface NewVerdict {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly result: "PASSED" | "FAILED";
  readonly explanation: string;
  /** With PASSED: TUF key id and signature in hexadecimal. */
  readonly keyid?: string;
  readonly signature?: string;
}

/**
 * The same verdict again is no error.
 *
 * @throws PolicyError ROLE_REFUSED, RELEASE_STATE; VerificationError SIGNATURE_REFUSED; UsageError NOT_FOUND
 */
export async function recordVerdict(
  context: ServiceContext,
  identity: Identity,
  verdict: NewVerdict,
): Promise<ReleaseRecord> {
  requireRole(identity, "overseer");
  const { feed, release, result } = verdict;
  return serially(context.records, `release/${feed}`, async () => {
    const before = await requireRelease(context.records, feed, release);
    const repeated = before.body.verdicts.some(
      (one) => one.by === identity.name && one.result === result && one.explanation === verdict.explanation,
    );
    if (repeated && before.body.state === (result === "PASSED" ? "assayed" : "failed")) return before.body;
    // It has ended already, by its expiry for one: the answer is kept, and the end stays what it was.
    const isOver = result === "FAILED" && before.body.state === "failed";
    const change = isOver ? {} : await changeBy(context, before.body, verdict);
    const said = {
      by: identity.name,
      at: timeText(context.clock.now()),
      result,
      explanation: verdict.explanation,
    };
    const body: ReleaseRecord = { ...before.body, ...change, verdicts: [...before.body.verdicts, said] };
    await context.records.commit([releaseWrite(before, body)]);
    context.wake();
    return body;
  });
}

/** FAILED may also come after PASSED, as long as nothing has been sealed. */
async function changeBy(
  context: ServiceContext,
  release: ReleaseRecord,
  verdict: NewVerdict,
): Promise<Partial<ReleaseRecord>> {
  const { result, explanation } = verdict;
  if (release.state !== "signed" && (release.state !== "assayed" || result !== "FAILED")) {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected release ${release.release} to wait for its overseer, got one that is ${release.state} ` +
        `(any other rebuilder may still add a verdict: --as rebuilder)`,
    );
  }
  if (result === "PASSED") return coSign(context, release, verdict);
  return { state: "failed", waitingFor: `ASSAY_FAILED: ${explanation}`, retry: null };
}

/**
 * SPEC §2.4.2: only a key that the feed's delegation names, and that is not the publisher's, can be the
 * second one.
 */
async function coSign(
  context: ServiceContext,
  release: ReleaseRecord,
  { keyid, signature }: NewVerdict,
): Promise<Partial<ReleaseRecord>> {
  if (keyid === undefined || signature === undefined || release.manifestSha256 === null) {
    throw new VerificationError(
      "SIGNATURE_REFUSED",
      "expected a signature with the verdict PASSED, got none",
    );
  }
  const key = (await overseerKeys(context, release.feed)).get(keyid);
  if (key === undefined) {
    throw new VerificationError("SIGNATURE_REFUSED", `expected an overseer's key id, got ${quote(keyid)}`);
  }
  const staged = await readObject(context.objects, release.manifestSha256);
  const file = await addSignature(staged, key, hexBytes(signature));
  if (!equalBytes(parseEnvelope(file, "targets").message, parseEnvelope(staged, "targets").message)) {
    throw new VerificationError(
      "SIGNATURE_REFUSED",
      "expected the co-signature to leave the manifest as it is",
    );
  }
  const stored = await context.objects.put([file]);
  return { state: "assayed", manifestSha256: sha256Hex(stored.sha256), waitingFor: null, retry: null };
}

/**
 * The keys that the published targets metadata delegates the feed to, without the publisher's. While its key is being renewed the
 * publisher has two of them; the file says which they are.
 */
async function overseerKeys(
  context: ServiceContext,
  feed: FeedName,
): Promise<Map<string, TUFKey | undefined>> {
  const publication = await context.records.get<PublicationRecord>("publication", "current");
  const file = publication?.body.files.find(({ role }) => role === "targets");
  if (file === undefined) {
    throw new OperationError("STATE_CORRUPT", "expected targets metadata in the publication, got none");
  }
  const { signed } = parseEnvelope(await readObject(context.objects, file.sha256), "targets");
  const delegation = parseTargets(signed).delegations.find(({ name }) => name === feed);
  if (delegation === undefined) return new Map();
  const own = keyID(tufKeyOfSigner(context.publisher));
  const publishers = parseParties(signed, delegation)?.publisher ?? [];
  return new Map([...delegation.keys].filter(([id]) => id !== own && !publishers.includes(id)));
}
