/**
 * SPEC §2.2.7. Which paths a revision may hold: relative, NFC, below the ruleset on every operating system, and distinct
 * even where file systems ignore case. Doors may check earlier; this check is the one that counts.
 */
import { utf8Bytes } from "../core/encoding/bytes.js";
import { VerificationError, quote } from "../core/errors.js";
import { limits } from "../core/limits.js";

/** Collects the paths of one revision and refuses the first that cannot stand beside the others. */
export class SourcePaths {
  /** Lower-cased path to the path as written; folders too, since no file may have a folder's name. */
  readonly #bytesMax: number;
  readonly #taken = new Map<string, { readonly written: string; readonly folder: boolean }>();

  constructor(bytesMax: number = limits.pathBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** The path in NFC. @throws VerificationError PATH_UNSAFE */
  add(written: string): string {
    const path = written.normalize("NFC");
    const problem = problemOf(path, this.#bytesMax);
    if (problem !== undefined) throw unsafe(written, problem);
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) this.#take(parts.slice(0, depth).join("/"), true);
    this.#take(path, false);
    return path;
  }

  #take(path: string, folder: boolean): void {
    const key = path.toLowerCase();
    const before = this.#taken.get(key);
    if (before !== undefined && !(before.folder && folder && before.written === path)) {
      throw unsafe(path, `another file has it, or differs in case alone: ${quote(before.written)}`);
    }
    this.#taken.set(key, { written: path, folder });
  }
}

function problemOf(path: string, bytesMax: number): string | undefined {
  if (path === "") return "it is empty";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "it is absolute";
  if (path.includes("\\")) return "it holds a backslash";
  if (/\p{C}/u.test(path)) return "it holds a control character";
  if (utf8Bytes(path).length > bytesMax) return `it is longer than ${bytesMax} bytes`;
  const parts = path.split("/");
  if (parts.includes("..")) return "it climbs out of its folder";
  if (parts.includes(".") || parts.includes("")) return "it has an empty part";
  return undefined;
}

function unsafe(path: string, problem: string): VerificationError {
  return new VerificationError(
    "PATH_UNSAFE",
    `expected a path below the ruleset, got ${quote(path)}: ${problem}`,
  );
}
