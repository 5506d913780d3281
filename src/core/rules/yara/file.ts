/**
 * One source file into its records.
 *
 *   0x00 namespace 0x00 imports   the file as a namespace; imports sorted, with commas between, once each
 *   0x01 text                     a rule in canonical form; in the order of the source
 *
 * Namespace and text are UTF-8. A file without rules gives no records: imports alone do nothing.
 */
import { byteString, utf8Bytes } from "../../encoding/bytes.js";
import { quote } from "../../errors.js";
import { limits } from "../../limits.js";
import type { ParsedFile, SourceFile } from "../model.js";
import { decodeSource, FindingList } from "../source-text.js";
import { Cursor, SyntaxStop } from "./cursor.js";
import { tokenize } from "./lexer.js";
import { namespaceMark, ruleMark } from "./marks.js";
import { parseRule } from "./rule.js";
import type { FileScope } from "./scope.js";
import { textBytes } from "./text-literal.js";
import { kind, modules, newerModules, type Token } from "./tokens.js";

export function parseFile(file: SourceFile): ParsedFile {
  const text = decodeSource(file);
  if (typeof text !== "string") return text;
  const findings = new FindingList(file.path, text);
  const cursor = new Cursor(text, tokenize(text, findings), findings);
  const scope: FileScope = { imports: new Set(), rules: new Set(), rulePrefixes: new Set() };
  const records: string[] = [];
  const lines: number[] = [];
  const ends: number[] = [];
  const places: Columns["places"] = { imports: [], records: [] };
  while (!cursor.is(kind.end)) parseStatement(cursor, scope, { records, lines, ends, places });
  if (records.length > 0) {
    const head = `${namespaceOf(file.path)}\0${[...scope.imports]
      .filter((name) => modules.has(name))
      .sort()
      .join(",")}`;
    records.unshift(namespaceMark + byteString(utf8Bytes(head)));
    lines.unshift(1);
    ends.unshift(1);
    places.records.unshift([0, 0]);
  }
  const parsed = { path: file.path, records, lines, ends, findings: findings.sorted() };
  return findings.errors === 0 ? parsed : { ...parsed, places };
}

/**
 * The path without its `.yar`. A file `a.yara` keeps its ending: it is exported as `a.yara.yar`, which is the
 * namespace `a.yara` again when it is read.
 */
export function namespaceOf(path: string): string {
  return path.endsWith(".yar") ? path.slice(0, -4) : path;
}

interface Columns {
  readonly records: string[];
  readonly lines: number[];
  readonly ends: number[];
  readonly places: { readonly imports: [number, number][]; readonly records: [number, number][] };
}

function parseStatement(cursor: Cursor, scope: FileScope, { records, lines, ends, places }: Columns): void {
  const start = cursor.peek();
  if (start.kind === "import") {
    const before = cursor.findings.errors;
    parseImport(cursor, scope);
    const { end } = cursor.tokens[cursor.at - 1] as Token;
    const isSound = cursor.findings.errors === before && !cursor.findings.hasErrorWithin(start.start, end);
    if (isSound) places.imports.push([start.start, end]);
    return;
  }
  if (start.kind !== "rule" && start.kind !== "private" && start.kind !== "global") {
    skipStatement(cursor, () => cursor.stop("a rule or an import"));
    return;
  }
  const rule = parseRule(cursor, scope);
  // SPEC §3.7.4: what the lexer refused inside the rule is an error of the rule.
  const last = cursor.tokens[cursor.at - 1] as Token;
  if (rule === undefined || cursor.findings.hasErrorWithin(start.start, last.end)) return;
  const record = ruleMark + byteString(utf8Bytes(rule));
  if (record.length > limits.recordBytesMax) {
    const got = `got ${record.length} in canonical form`;
    cursor.error(start, "YARA_RULE_TOO_LARGE", `expected at most ${limits.recordBytesMax} bytes, ${got}`);
    return;
  }
  records.push(record);
  lines.push(cursor.findings.lines.position(start.start).line);
  ends.push(cursor.findings.lines.position(last.end - 1).line);
  places.records.push([start.start, last.end]);
}

function parseImport(cursor: Cursor, scope: FileScope): void {
  skipStatement(cursor, () => {
    cursor.next();
    const token = cursor.need(kind.text, "the name of a module in quotes");
    const name = byteString(textBytes(cursor.textOf(token)));
    if (!modules.has(name)) {
      cursor.error(token, "YARA_MODULE_UNKNOWN", `expected a module of the engine, got ${quote(name)}`);
    } else if (scope.rules.has(name) && !scope.imports.has(name)) {
      // The canonical form puts imports first, where the module would hide the rule from the rules between.
      cursor.error(
        token,
        "YARA_IMPORT_LATE",
        `expected the import before the rule of the name ${quote(name)}`,
      );
    }
    if (newerModules.has(name)) {
      cursor.findings.warning(
        token.start,
        "YARA_NEEDS_NEWER_ENGINE",
        `the module ${quote(name)} needs YARA 4.3`,
      );
    }
    // Known from here on even if it is none: one finding is enough.
    scope.imports.add(name);
  });
}

function skipStatement(cursor: Cursor, parse: () => void): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    cursor.next();
    cursor.skipToStatement();
  }
}
