/** SPEC §3.11: Suricata's rules, those in comments too. */
import { numberBytes } from "./addresses.js";
import { sourceLines } from "./lines.js";
import {
  type Joined,
  NotARule,
  type Reading,
  type ReferenceFile,
  type ReferenceLanguage,
  type ReferenceRecord,
  type SourceError,
} from "./model.js";
import { headerText, isAction } from "./suricata-header.js";
import { type Option, checkOptions, optionsOf, valueText } from "./suricata-options.js";
import { trimmed } from "./blanks.js";

const ruleBytesMax = 64 * 1024;
const ruleLinesMax = 1000;
const numberMax = 4_294_967_294;
const behindDetection = ["reference", "classtype", "priority", "target", "metadata"];
const numbers = ["sid", "gid", "rev"];

export const referenceSuricata: ReferenceLanguage = {
  order: "sorted",
  accepts: (path) => /\.rules$/i.test(path),
  read,
  join,
  idOf: () => "",
};

function read({ path, bytes }: ReferenceFile): Reading {
  const { lines, errors } = sourceLines(bytes);
  const records: ReferenceRecord[] = [];
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i] as (typeof lines)[number];
    if (first.text.startsWith("#") || trimmed(first.text) === "") {
      const record = disabled(first.text);
      if (record !== undefined) records.push({ record, line: first.number });
      continue;
    }
    let text = trimmed(first.text, "end");
    let count = 1;
    while (text.endsWith("\\")) {
      text = text.slice(0, -1);
      const next = lines[i + 1];
      if (next === undefined) break;
      i++;
      count++;
      text += trimmed(next.text, "end");
      if (!trimmed(next.text, "end").endsWith("\\")) break;
    }
    enabled(text, count, first.number, records, errors);
  }
  return { path, records, errors };
}

function enabled(
  text: string,
  count: number,
  line: number,
  records: ReferenceRecord[],
  errors: SourceError[],
): void {
  try {
    if (text.length > ruleBytesMax || count > ruleLinesMax) throw new NotARule("too long");
    records.push({ record: recordOf(text, false), line });
  } catch (error) {
    if (!(error instanceof NotARule)) throw error;
    errors.push({ line, message: error.message });
  }
}

/** A comment that is a whole sound rule. */
function disabled(line: string): string | undefined {
  const text = line.replace(/^[# \t]+/, "");
  if (line.length > ruleBytesMax || !isAction(/^[A-Za-z]*/.exec(text)?.[0] ?? "")) return undefined;
  try {
    return recordOf(text, true);
  } catch (error) {
    if (error instanceof NotARule) return undefined;
    throw error;
  }
}

/** SPEC §3.11.1, §3.11.2 */
function recordOf(text: string, isDisabled: boolean): string {
  const open = text.indexOf("(");
  if (open < 1 || !/[ \t]/.test(text[open - 1] as string)) throw new NotARule("no options");
  const header = headerText(text.slice(0, open));
  const options = optionsOf(text.slice(open + 1));
  checkOptions(options);
  const numberOf = (name: string, least: number) => {
    const option = options.find((one) => one.name === name);
    return option && decimal(option, least);
  };
  const [sid, rev, gid] = [numberOf("sid", 1), numberOf("rev", 1), numberOf("gid", 0)];
  if (sid === undefined) throw new NotARule("no sid");
  const written = options
    .filter(({ name }) => !numbers.includes(name))
    .map((one) => [one.name, optionText(one)] as const);
  const named = (name: string) => written.filter(([own]) => own === name);
  const detection = written.filter(([name]) => name !== "msg" && !behindDetection.includes(name));
  const all = [...named("msg"), ...detection, ...behindDetection.flatMap(named)].map(([, one]) => one);
  if (rev !== undefined) all.push(`rev:${rev}`);
  const key = numberBytes(gid ?? 1, 4) + numberBytes(sid, 4) + (isDisabled ? "\x01" : "\0");
  return `${key}${header} (${all.map((one) => `${one};`).join(" ")})`;
}

function optionText(option: Option): string {
  const value = valueText(option);
  return value === undefined ? option.name : `${option.name}:${value}`;
}

function decimal({ name, value }: Option, least: number): number {
  const digits = (value ?? "").replace(/^0+(?=\d)/, "");
  if (!/^\d{1,10}$/.test(digits) || Number(digits) < least || Number(digits) > numberMax) {
    throw new NotARule(`no number for ${name}`);
  }
  return Number(digits);
}

/** SPEC §3.11.4 */
function join(files: readonly Reading[]): Joined {
  const rules = new Map<string, { record: string; path: string }[]>();
  for (const { path, records } of files) {
    for (const { record } of records) {
      const key = record.slice(0, 8);
      const same = rules.get(key) ?? [];
      same.push({ record, path });
      rules.set(key, same);
    }
  }
  const records: string[] = [];
  const conflicts: { path: string; message: string }[] = [];
  for (const all of rules.values()) {
    const newest = all.reduce((most, { record }) => Math.max(most, revision(record)), 0);
    const candidates = all.filter(({ record }) => revision(record) === newest);
    const enabledOnes = candidates.filter(({ record }) => record[8] === "\0");
    const texts = (enabledOnes.length > 0 ? enabledOnes : candidates).map(({ record }) => record).sort();
    records.push(texts[0] as string);
    for (const { record, path } of enabledOnes) {
      if (record !== texts[0]) conflicts.push({ path, message: "another rule of one sid and revision" });
    }
  }
  return { records: records.sort(), conflicts };
}

function revision(record: string): number {
  return Number(/[( ]rev:(\d{1,10});\)$/.exec(record)?.[1] ?? 0);
}
