/**
 * What the endpoint has seen of revocation (SPEC §6.8.9). It keeps the newest authentic list of every issuer and the newest response
 * about every certificate, and never lets go of one for an older one, so that somebody who takes the publisher's tree back in time takes
 * no revocation back.
 */
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import type { Certificate } from "../core/pki/certificate.js";
import { choicesOf } from "../core/pki/revocation-data.js";
import { mirroredItems } from "../core/release/mirrored-revocation.js";
import { authenticItems } from "../core/trust/authentic-revocation.js";
import type { ProvenRelease } from "../core/trust/model.js";
import { formatTime } from "../core/trust/metadata.js";
import { newestItems } from "../core/trust/newest-revocation.js";
import type { RefreshInput } from "./refresh.js";

/** One list or response a line, as it travels, base64. Lost or damaged, it is learned again. */
const fileName = "revocation.lists";
/** SPEC §6.8.9: asked for with every new release, and once a day. */
const checkSeconds = 86_400;

export type WatchInput = Pick<RefreshInput, "files" | "tree" | "state" | "now">;

/**
 * Judges with what is known, and once more when the publisher's tree had something newer.
 *
 * @throws what `verify` throws; what was learned before is kept
 */
export async function watchRevocation(
  input: WatchInput,
  release: "new" | "known",
  verify: (items: readonly Uint8Array[]) => Promise<ProvenRelease>,
): Promise<ProvenRelease> {
  const known = await readKept(input);
  const verdict = await verify(known);
  const { paths, revocationItems } = verdict.signature;
  const isDue = release === "new" || checkIsDue(input);
  const fetched = isDue ? await fetchItems(input, paths) : [];
  const offered = [...revocationItems, ...fetched].filter((item) => !known.some((one) => same(one, item)));
  const authentic = offered.length === 0 ? [] : await authenticItems(offered, paths);
  const kept = choicesOf(newestItems([...known, ...authentic]));
  const isNews = kept.some((item) => !known.some((one) => same(one, item)));
  if (isNews) await writeKept(input, kept);
  if (isDue) await input.state.set({ revocationCheckedAt: formatTime(input.now) });
  return isNews ? verify(kept) : verdict;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => base64Text(a) === base64Text(b);

export function checkIsDue({ state, now }: WatchInput): boolean {
  const { revocationCheckedAt } = state.now;
  if (!revocationCheckedAt) return true;
  const age = (now.getTime() - Date.parse(revocationCheckedAt)) / 1000;
  // A clock that was set back makes the last check lie in the future: then it is due as well.
  return !(age >= 0 && age < checkSeconds);
}

/** What the tree has. Whoever keeps it back gains nothing that refusing to serve at all would not: what is known stays. */
function fetchItems({ tree }: WatchInput, paths: readonly (readonly Certificate[])[]): Promise<Uint8Array[]> {
  return mirroredItems(paths, async (path, bytesMax) => {
    try {
      return await tree.find(path, bytesMax);
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      return undefined;
    }
  });
}

/** What was kept; for whoever judges a signature without the network. */
export async function readKept({ files }: Pick<WatchInput, "files">): Promise<Uint8Array[]> {
  const bytes = await files.read(fileName);
  if (bytes === undefined) return [];
  try {
    const lines = utf8Text(bytes).split("\n");
    return choicesOf(newestItems(lines.filter((line) => line !== "").map(base64Bytes)));
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    return [];
  }
}

async function writeKept({ files }: WatchInput, items: readonly Uint8Array[]): Promise<void> {
  await files.write(fileName, utf8Bytes(items.map((item) => `${base64Text(item)}\n`).join("")));
}
