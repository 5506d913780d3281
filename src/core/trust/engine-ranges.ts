/** Engines that a release asks for: by name, a version that is enough and one that is too new. SPEC §5.4.10. */
import { type JSONValue, isJSONObject } from "../encoding/json.js";
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { type VersionRange, compareVersions, isVersion } from "../rules/engine-version.js";

/** Names that this program does not know are kept: another endpoint may have that engine. */
export type EngineRanges = Readonly<Record<string, VersionRange>>;

/** @throws VerificationError MANIFEST_MALFORMED */
export function parseEngineRanges(value: JSONValue | undefined): { readonly engines?: EngineRanges } {
  if (value === undefined) return {};
  if (!isJSONObject(value)) throw malformed("engines", value);
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > limits.engineRangesMax) {
    throw malformed(`1 to ${limits.engineRangesMax} engines`, value);
  }
  return { engines: Object.fromEntries(entries.map(([name, range]) => [nameOf(name), parseRange(range)])) };
}

function nameOf(name: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return name;
  throw malformed("the name of an engine", name);
}

function parseRange(value: JSONValue): VersionRange {
  if (!isJSONObject(value)) throw malformed("a range of versions", value);
  const [least, below] = [versionOf(value.least), versionOf(value.below)];
  if (least === undefined && below === undefined) throw malformed("least, below or both", value);
  if (least !== undefined && below !== undefined && compareVersions(least, below) >= 0) {
    throw malformed("a range that holds a version", value);
  }
  return { ...(least !== undefined && { least }), ...(below !== undefined && { below }) };
}

function versionOf(value: JSONValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || !isVersion(value)) throw malformed("a version", value);
  return value;
}

function malformed(expected: string, got: JSONValue): VerificationError {
  return new VerificationError(
    "MANIFEST_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got))}`,
  );
}
