/** The path of a submitted file, made NFC and proven to stay below its folder on every operating system. */
import { limits } from "../core/limits.js";
import { quote, VerificationError } from "../core/errors.js";
import { utf8Bytes } from "../core/encoding/bytes.js";

/** @throws VerificationError PATH_UNSAFE */
export function safePath(written: string): string {
  const path = written
    .normalize("NFC")
    .replace(/^(\.\/)+/, "")
    .replace(/\/$/, "");
  const problem = problemOf(path);
  if (problem !== undefined) {
    throw new VerificationError(
      "PATH_UNSAFE",
      `expected a path below the ruleset, got ${quote(written)}: ${problem}`,
    );
  }
  return path;
}

function problemOf(path: string): string | undefined {
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "it is absolute";
  if (path.includes("\\")) return "it holds a backslash";
  if (hasControl(path)) return "it holds a control character";
  if (utf8Bytes(path).length > limits.pathBytesMax) return `it is longer than ${limits.pathBytesMax} bytes`;
  const segments = path.split("/");
  if (segments.includes("..")) return "it climbs out of its folder";
  if (segments.includes(".") || segments.includes("")) return "it has an empty part";
  return undefined;
}

function hasControl(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
