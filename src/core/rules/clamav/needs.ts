/** The functionality levels of a signature, held against the version of a ClamAV that would leave it out by itself. */
import { compareVersions, type Engine } from "../engine-version.js";
import { recordType } from "./file-types.js";

/** The level of a release's first version; each later one of it adds one. From ClamAV's own table. */
const levels: readonly (readonly [string, number])[] = [
  ["0.99", 81],
  ["0.99.1", 82],
  ["0.99.2", 82],
  ["0.99.3", 84],
  ["0.100", 90],
  ["0.100.1", 92],
  ["0.101", 100],
  ["0.101.1", 102],
  ["0.101.2", 102],
  ["0.101.3", 102],
  ["0.101.4", 105],
  ["0.102", 110],
  ["0.102.1", 112],
  ["0.103", 120],
  ["0.103.1", 122],
  ["0.104", 140],
  ["0.105", 150],
  ["1.0", 160],
  ["1.1", 180],
  ["1.2", 190],
  ["1.3", 200],
  ["1.4", 210],
  ["1.5", 230],
];
const [newest = ""] = levels.at(-1) ?? [];

const line = (version: string) => version.split(".").slice(0, 2).join(".");

/** Undefined for versions older or newer than those that we know: such an engine decides by itself. */
export function levelOf(version: string): number | undefined {
  if (compareVersions(line(version), newest) > 0) return undefined;
  const known = levels
    .filter(([one]) => line(one) === line(version) && compareVersions(one, version) <= 0)
    .at(-1);
  if (known === undefined) return undefined;
  const patch = (text: string) => Number(text.split(".")[2] ?? 0);
  return known[1] + patch(version) - patch(known[0]);
}

/** What the signature asks for, when this engine is outside of it. */
export function clamavObjection(record: string, { version }: Engine): string | undefined {
  const level = levelOf(version);
  const [least, most] = levelsOf(record);
  if (level === undefined) return undefined;
  if (level < least) return `ClamAV of level ${least} or newer${firstOf(least)}`;
  return level > most ? `ClamAV of level ${most} or older` : undefined;
}

function levelsOf(record: string): readonly [number, number] {
  const rest = record.slice(record.indexOf("\0", 1) + 1);
  switch (recordType(record).form) {
    case "hash":
    case "section-hash": {
      const [, least, most] = rest.slice(1 + rest.charCodeAt(0)).split(":");
      return range(least, most);
    }
    case "content": {
      const [, , , least, most] = rest.split(":");
      return range(least, most);
    }
    case "logical": {
      const [, least, most] = /^Engine:(\d+)-(\d+)/.exec(rest) ?? [];
      return range(least, most);
    }
    case "ignore":
      return range(undefined, undefined);
  }
}

function range(least: string | undefined, most: string | undefined): readonly [number, number] {
  return [least ? Number(least) : 0, most ? Number(most) : Number.POSITIVE_INFINITY];
}

function firstOf(level: number): string {
  const found = levels.find(([, one]) => one >= level);
  return found === undefined ? "" : ` (${found[0]})`;
}
