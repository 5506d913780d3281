/**
 * Sigma rules in folders by what they look at, `<category>/<product>/<service>/<uuid>.yml`, so that a converter can be pointed at the part
 * that it knows. A part that a rule leaves open is `any`, and left out at the end; rules without a log source lie below their own kind's name.
 */
import { byteStringText } from "../source-lines.js";
import { safeSegment } from "../safe-path.js";
import type { ExportedFile } from "../model.js";
import { sigmaLanguage } from "./language.js";

/** Longer names than that are cut: the file's own name tells rules apart. */
const segmentCharactersMax = 48;

export function* exportByLogsource(records: Iterable<string>): Iterable<ExportedFile> {
  for (const record of records) {
    const folder = logsourceFolder(record);
    for (const { path, chunks } of sigmaLanguage.exportFiles([record])) yield { path: folder + path, chunks };
  }
}

/** Of a record's canonical YAML, where these keys stand at the start of their lines and nothing else does. */
function logsourceFolder(record: string): string {
  for (const kind of ["correlation", "filter"]) if (record.includes(`\n${kind}:\n`)) return `${kind}/`;
  const [, body = ""] = /\nlogsource:\n((?: {4}.*\n)*)/.exec(record) ?? [];
  const parts = ["category", "product", "service"].map((key) => {
    const [, value] = new RegExp(`^ {4}${key}: (.*)$`, "m").exec(body) ?? [];
    return value === undefined ? "any" : folderName(value);
  });
  while (parts.at(-1) === "any") parts.pop();
  return parts.map((part) => `${part}/`).join("") || "any/";
}

/** Of a scalar as 3.10.4 writes it; what spans lines is nobody's log source. */
function folderName(scalar: string): string {
  const quoted = /^'(.*)'$/.exec(scalar)?.[1]?.replaceAll("''", "'");
  const text = byteStringText(quoted ?? scalar).toLowerCase();
  if (/^(["|]|\{\}|\[\]|null$|$)/.test(text) && quoted === undefined) return "other";
  return safeSegment([...text.replaceAll("/", "_")].slice(0, segmentCharactersMax).join(""));
}
