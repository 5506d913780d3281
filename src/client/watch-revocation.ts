/**
 * What the endpoint has seen of revocation (SPEC §6.8.9). It keeps the newest authentic list of every issuer and never lets go of
 * one for an older one, so that somebody who takes the publisher's tree back in time takes no revocation back.
 */
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { authenticLists } from "../core/pki/authentic-lists.js";
import type { Certificate } from "../core/pki/certificate.js";
import { newestLists } from "../core/pki/revocation-data.js";
import { publishedPoints } from "../core/pki/revocation-points.js";
import { revocationPath } from "../core/release/tree-paths.js";
import type { ProvenRelease } from "../core/trust/model.js";
import { formatTime } from "../core/trust/metadata.js";
import type { RefreshInput } from "./refresh.js";

/** One list a line, base64. Lost or damaged, it is learned again. */
const fileName = "revocation.lists";
/** SPEC §6.8.9: lists are asked for with every new release, and once a day. */
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
  verify: (lists: readonly Uint8Array[]) => Promise<ProvenRelease>,
): Promise<ProvenRelease> {
  const known = await readLists(input);
  const verdict = await verify(known);
  const { paths, revocationLists } = verdict.signature;
  const isDue = release === "new" || checkIsDue(input);
  const fetched = isDue ? await fetchLists(input, paths) : [];
  const offered = [...revocationLists, ...fetched].filter((list) => !known.some((one) => same(one, list)));
  const authentic = offered.length === 0 ? [] : await authenticLists(offered, paths);
  const kept = newestLists([...known, ...authentic]).map(({ der }) => der);
  const isNews = kept.some((list) => !known.some((one) => same(one, list)));
  if (isNews) await writeLists(input, kept);
  if (isDue) await input.state.set({ revocationCheckedAt: formatTime(input.now) });
  return isNews ? verify(kept) : verdict;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => base64Text(a) === base64Text(b);

function checkIsDue({ state, now }: WatchInput): boolean {
  const { revocationCheckedAt } = state.now;
  if (!revocationCheckedAt) return true;
  const age = (now.getTime() - Date.parse(revocationCheckedAt)) / 1000;
  // A clock that was set back makes the last check lie in the future: then it is due as well.
  return !(age >= 0 && age < checkSeconds);
}

/** What the tree has. Whoever keeps it back gains nothing that refusing to serve at all would not: what is known stays. */
async function fetchLists(
  { tree }: WatchInput,
  paths: readonly (readonly Certificate[])[],
): Promise<Uint8Array[]> {
  const lists: Uint8Array[] = [];
  for (const { name } of await publishedPoints(paths)) {
    try {
      const list = await tree.find(revocationPath(name), limits.crlBytesMax);
      if (list !== undefined) lists.push(list);
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
    }
  }
  return lists;
}

/** What was kept; for whoever judges a signature without the network. */
export async function readLists({ files }: Pick<WatchInput, "files">): Promise<Uint8Array[]> {
  const bytes = await files.read(fileName);
  if (bytes === undefined) return [];
  try {
    const lines = utf8Text(bytes).split("\n");
    return newestLists(lines.filter((line) => line !== "").map(base64Bytes)).map(({ der }) => der);
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    return [];
  }
}

async function writeLists({ files }: WatchInput, lists: readonly Uint8Array[]): Promise<void> {
  await files.write(fileName, utf8Bytes(lists.map((list) => `${base64Text(list)}\n`).join("")));
}
