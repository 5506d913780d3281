/**
 * Small files that make one run together: thousands of lists of a few lines each would cost a file in the compiler's memory each, and a
 * merge of thousands. Which files stand together depends on their paths alone, but for a limit, so that a file that comes or changes
 * costs its own group. Where a file means something as a whole it stands alone.
 */
import type { RuleKind } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import type { FileFacts } from "./model.js";

/** In the order of the sources; at least one. */
export type FileGroup = readonly [FileFacts, ...FileFacts[]];

/** A larger file stands alone. */
const smallBytesMax = 64 * 1024;
const groupBytesMax = 512 * 1024;
/** One path in so many ends a group. */
const filesPerEnd = 32;
const groupFilesMax = 4 * filesPerEnd;

export function groupFiles(kind: RuleKind, files: readonly FileFacts[]): FileGroup[] {
  if (ruleLanguage(kind).readLines === undefined) return files.map((file) => [file]);
  const groups: [FileFacts, ...FileFacts[]][] = [];
  let open: { files: [FileFacts, ...FileFacts[]]; bytes: number; ending: string } | undefined;
  for (const file of files) {
    const ending = endingOf(file.path);
    if (file.bytes > smallBytesMax) {
      groups.push([file]);
      continue;
    }
    const full = open && (open.bytes + file.bytes > groupBytesMax || open.files.length >= groupFilesMax);
    if (open === undefined || full === true || open.ending !== ending) {
      open = { files: [file], bytes: file.bytes, ending };
      groups.push(open.files);
    } else {
      open.files.push(file);
      open.bytes += file.bytes;
    }
    if (endsGroup(file.path)) open = undefined;
  }
  return groups;
}

/** As much of a path as the kinds that are read line by line look at. */
export function endingOf(path: string): string {
  return /\.([a-z0-9]{1,16})$/.exec(path.toLowerCase())?.[1] ?? "";
}

function endsGroup(path: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % filesPerEnd === 0;
}
