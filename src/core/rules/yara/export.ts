/**
 * Records to files that the engine compiles: one `.yar` a namespace, imports first, then the rules in their
 * order.
 *
 * The records come from a database that may be hostile, so a path never leaves its folder: what is not a
 * plain name in it is written as `%XX`. Ordinary paths come out as they went in, and reading an exported
 * file gives its records again.
 */
import { byteStringBytes, utf8Bytes, utf8Text } from "../../encoding/bytes.js";
import { VerificationError } from "../../errors.js";
import { limits } from "../../limits.js";
import type { ExportedFile } from "../model.js";
import { safePath } from "../safe-path.js";
import { namespaceMark, ruleMark } from "./marks.js";

/** @throws VerificationError DATABASE_MALFORMED for records that this language does not write. */
export function* exportFiles(records: Iterable<string>): Iterable<ExportedFile> {
  let head: string | undefined;
  let rules: string[] = [];
  for (const record of records) {
    if (record.startsWith(namespaceMark)) {
      if (head !== undefined) yield fileOf(head, rules);
      head = record;
      rules = [];
    } else if (record.startsWith(ruleMark) && head !== undefined) rules.push(record);
    else
      throw new VerificationError(
        "DATABASE_MALFORMED",
        "expected a YARA namespace or rule record, got another",
      );
  }
  if (head !== undefined) yield fileOf(head, rules);
}

function fileOf(head: string, rules: readonly string[]): ExportedFile {
  const end = head.indexOf("\0", 1);
  if (end < 0) throw new VerificationError("DATABASE_MALFORMED", "expected imports after a YARA namespace");
  const namespace = head.slice(1, end);
  const imports = head.slice(end + 1);
  if (namespace.length > limits.pathBytesMax) {
    throw new VerificationError(
      "DATABASE_MALFORMED",
      `expected a path of at most ${limits.pathBytesMax} bytes`,
    );
  }
  const path = `${safePath(utf8Text(byteStringBytes(namespace)))}.yar`;
  return { path, chunks: chunksOf(imports === "" ? [] : imports.split(","), rules) };
}

function* chunksOf(imports: readonly string[], rules: readonly string[]): Iterable<Uint8Array> {
  if (imports.length > 0) yield utf8Bytes(`${imports.map((name) => `import "${name}"\n`).join("")}\n`);
  for (let i = 0; i < rules.length; i++) {
    yield byteStringBytes(`${i === 0 ? "" : "\n"}${(rules[i] as string).slice(1)}\n`);
  }
}
