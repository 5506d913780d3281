/** SPEC §3.12: YARA's rules. Types and the members of modules are the engine's to judge, and not judged here. */
import { byteString, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import {
  type Joined,
  NotARule,
  type Reading,
  type ReferenceFile,
  type ReferenceLanguage,
  type ReferenceRecord,
  type SourceError,
} from "./model.js";
import { type FileNames, ruleText } from "./yara-rule.js";
import { YARACursor } from "./yara-cursor.js";
import { bytesOfText } from "./yara-literals.js";

const modules = "pe elf cuckoo magic hash math dotnet time console string dex macho tests".split(" ");

const ruleName = /^(?:global )?(?:private )?rule ([A-Za-z_][A-Za-z0-9_]*)/;

export const referenceYARA: ReferenceLanguage = {
  order: "sequence",
  accepts: (path) => /\.yara?$/i.test(path),
  read,
  join,
  idOf: (record) => (record.startsWith("\x01") ? ruleName.exec(record.slice(1))?.[1] : undefined),
};

function read({ path, bytes }: ReferenceFile): Reading {
  const records: ReferenceRecord[] = [];
  const errors: SourceError[] = [];
  let text: string;
  try {
    text = utf8Text(bytes);
  } catch {
    return { path, records, errors: [{ line: 1, message: "not UTF-8" }] };
  }
  const cursor = new YARACursor(text);
  const names: FileNames = { imports: new Set(), rules: new Set(), prefixes: [] };
  while (!cursor.done) {
    const { line } = cursor.peek();
    try {
      if (cursor.isWord("import")) readImport(cursor, names);
      else records.push({ record: recordOf(ruleText(cursor, names)), line });
    } catch (error) {
      if (!(error instanceof NotARule)) throw error;
      errors.push({ line, message: error.message });
      cursor.skipToStatement();
    }
  }
  if (records.length > 0) {
    const namespace = path.endsWith(".yar") ? path.slice(0, -4) : path;
    const head = `\0${namespace}\0${[...names.imports].sort().join(",")}`;
    records.unshift({ record: byteString(utf8Bytes(head)), line: 1 });
  }
  return { path, records, errors };
}

function readImport(cursor: YARACursor, names: FileNames): void {
  cursor.next();
  const token = cursor.next();
  if (token.kind !== "text") throw new NotARule("no name of a module");
  const name = byteString(bytesOfText(token.text));
  if (!modules.includes(name)) throw new NotARule("no module of the engine");
  if (names.rules.has(name) && !names.imports.has(name))
    throw new NotARule("a module behind a rule of its name");
  names.imports.add(name);
}

function recordOf(text: string): string {
  const record = `\x01${byteString(utf8Bytes(text))}`;
  if (record.length > limits.recordBytesMax) throw new NotARule("too long");
  return record;
}

/** Files stand in byte order of their namespaces; two of one namespace are a conflict. */
function join(files: readonly Reading[]): Joined {
  const keyed = files
    .filter(({ records }) => records.length > 0)
    .map((file) => ({
      file,
      namespace: (file.records[0] as ReferenceRecord).record.split("\0")[1] as string,
    }));
  keyed.sort((a, b) =>
    a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : a.file.path < b.file.path ? -1 : 1,
  );
  const conflicts: { path: string; message: string }[] = [];
  const records = keyed.flatMap(({ file, namespace }, i) => {
    if (keyed[i - 1]?.namespace !== namespace) return file.records.map(({ record }) => record);
    conflicts.push({ path: file.path, message: "a namespace twice" });
    return [];
  });
  return { records, conflicts };
}
