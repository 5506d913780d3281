// Histories of rules: those of ../shared/corpora, or two folders of somebody's own.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const archives = resolve(fileURLToPath(new URL("../..", import.meta.url)), "../shared/corpora");
export const kinds = ["suricata", "sigma", "yara", "clamav", "ioc"];
/** From here on two versions count as a month apart. */
const monthDays = 20;

/** The corpora of these kinds, unpacked into `scratch`, versions oldest first. */
export function corpora(wanted, scratch) {
  return wanted.flatMap((kind) => {
    const archive = join(archives, `${kind}.tar.zst`);
    if (!existsSync(archive)) {
      console.log(`${kind}: no corpus at ../shared/corpora/${kind}.tar.zst`);
      return [];
    }
    execFileSync("tar", ["--zstd", "-xf", archive, "-C", scratch]);
    const root = join(scratch, kind);
    const versions = readdirSync(root).sort();
    return [{ kind, versions: versions.map((date) => ({ date, folder: join(root, date) })) }];
  });
}

/** Neighbours, and the first with the last. `apart`: "month" when so many days lie between them, else "consecutive". */
export function pairsOf(versions) {
  const pairs = versions.slice(1).map((to, i) => [versions[i], to]);
  if (versions.length > 2) pairs.push([versions[0], versions.at(-1)]);
  return pairs.map(([from, to], i) => {
    const days = (Date.parse(to.date) - Date.parse(from.date)) / 86_400_000;
    return {
      from,
      to,
      neighbours: i < versions.length - 1,
      apart: days >= monthDays ? "month" : "consecutive",
    };
  });
}
