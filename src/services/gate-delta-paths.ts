/** From every older release that endpoints may have, a path of packs leads to this one, link by link. */
import { choosePath } from "../core/format/plan.js";
import { type ReleaseNumber, releaseNumber } from "../core/brands.js";
import type { ServiceContext } from "./context.js";
import { releaseID } from "./documents.js";
import type { GateAnswer } from "./gate-release.js";
import type { ReleaseRecord } from "./model.js";

/** How far back every single release is looked at. Each pack was applied when it was made (SPEC §2.5.6). */
const reachReleases = 64;

/** SPEC §17.6.3. */
export async function checkDeltaPaths(
  { records }: ServiceContext,
  release: ReleaseRecord,
): Promise<GateAnswer> {
  const digests = new Map<number, string>([[release.release, release.database?.sha256 ?? ""]]);
  const digestOf = async (number: ReleaseNumber): Promise<string | undefined> => {
    const known = digests.get(number);
    if (known !== undefined) return known;
    const found = await records.get<ReleaseRecord>("releases", releaseID(release.feed, number));
    const sha256 = found?.body.state === "published" ? found.body.database?.sha256 : undefined;
    if (sha256 !== undefined) digests.set(number, sha256);
    return sha256;
  };
  const problems: string[] = [];
  let paths = 0;
  const starts = Array.from({ length: reachReleases }, (_, i) => release.release - 1 - i).filter(
    (start) => start > 0,
  );
  for (const start of [undefined, ...starts]) {
    if (start !== undefined && (await digestOf(releaseNumber(start))) === undefined) continue;
    const path = choosePath(release.packs, start, release.release);
    const broken = path === undefined ? "no path" : await brokenLink(path.packs, start ?? 0, digestOf);
    if (broken === undefined) paths++;
    else problems.push(`from ${start ?? "nothing"}: ${broken}`);
  }
  if (problems.length > 0) return { result: "FAILED", detail: problems.slice(0, 5).join("; "), rules: [] };
  return { result: "PASSED", detail: `${paths} paths`, rules: [] };
}

async function brokenLink(
  packs:
    | readonly ReleaseRecord["packs"][number][]
    | readonly { from: number; to: number; databaseSha256: string }[],
  start: number,
  digestOf: (number: ReleaseNumber) => Promise<string | undefined>,
): Promise<string | undefined> {
  let at = start;
  for (const { from, to, databaseSha256 } of packs) {
    if (from !== at && from !== 0) return `a pack from ${from} after release ${at}`;
    if ((await digestOf(releaseNumber(to))) !== databaseSha256) return `a pack to another database of ${to}`;
    at = to;
  }
  return undefined;
}
