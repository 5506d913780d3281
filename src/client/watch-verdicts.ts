/**
 * What rebuilders have said about the release at hand (SPEC §8.2.6), where the policy asks them. Verdicts of the policy's keys are kept:
 * whoever takes a FAILED out of the tree again takes nothing back from an endpoint that has seen it.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { base64Text } from "../core/encoding/bytes.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import type { DSSEEnvelope } from "../core/trust/attest/dsse.js";
import { formatVerdictList, parseVerdictList, verdictsPath } from "../core/trust/attest/verdict-list.js";
import { trustedVerdicts } from "../core/trust/rebuild-quorum.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import type { WatchInput } from "./watch-revocation.js";
import { checkIsDue } from "./watch-revocation.js";

const fileName = "evidence.verdicts.json";

/** @throws VerificationError ATTESTATION_MALFORMED, LIMIT_EXCEEDED, FETCH_TOO_LARGE, of a new release's list */
export async function watchVerdicts(
  input: WatchInput,
  policy: SignaturePolicy,
  {
    feed,
    release,
    isNew,
  }: { readonly feed: FeedName; readonly release: ReleaseNumber; readonly isNew: boolean },
): Promise<readonly DSSEEnvelope[]> {
  if (policy.rebuilders === undefined) return [];
  const kept = isNew ? [] : await keptVerdicts(input, release);
  if (!isNew && !checkIsDue(input)) return kept;
  const offered = await offeredVerdicts(input, feed, release, isNew);
  const fresh = (await trustedVerdicts(offered, policy.rebuilders)).filter(
    (one) => !kept.some((old) => same(old, one)),
  );
  const all = [...kept, ...fresh].slice(0, limits.verdictsMax);
  if (!isNew && fresh.length > 0) await keepVerdicts(input, feed, release, all);
  return all;
}

export async function keepVerdicts(
  { files }: Pick<WatchInput, "files">,
  feed: FeedName,
  release: ReleaseNumber,
  verdicts: readonly DSSEEnvelope[],
): Promise<void> {
  if (verdicts.length === 0) await files.remove(fileName);
  else await files.write(fileName, formatVerdictList({ feed, release, verdicts }));
}

const same = (a: DSSEEnvelope, b: DSSEEnvelope): boolean => base64Text(a.payload) === base64Text(b.payload);

async function offeredVerdicts(
  { tree }: WatchInput,
  feed: FeedName,
  release: ReleaseNumber,
  isNew: boolean,
): Promise<readonly DSSEEnvelope[]> {
  try {
    const file = await tree.find(verdictsPath(feed, release), limits.verdictListBytesMax);
    return file === undefined ? [] : parseVerdictList(file).verdicts;
  } catch (error) {
    // What was proven stays proven while the tree is out of reach; nothing new is proven without it.
    if (isNew || !(error instanceof RulemintError)) throw error;
    return [];
  }
}

/** Lost or damaged, they are asked for again. */
async function keptVerdicts({ files }: WatchInput, release: ReleaseNumber): Promise<readonly DSSEEnvelope[]> {
  const bytes = await files.read(fileName);
  if (bytes === undefined) return [];
  try {
    const list = parseVerdictList(bytes);
    return list.release === release ? list.verdicts : [];
  } catch (error) {
    if (error instanceof VerificationError) return [];
    throw error;
  }
}
