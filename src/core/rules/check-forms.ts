/**
 * Files of the forms that an endpoint may choose, read as their readers do, and held against the records that they were made of: CSV, STIX
 * 2.1 and MISP of indicators, Sigma by log source (SPEC §17.6.8).
 */
import { byteString, concatBytes, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { parseJSON } from "../encoding/json.js";
import { RulemintError } from "../errors.js";
import type { IOCForm } from "./export-forms.js";
import { exportInForms } from "./export-in-forms.js";
import { readIndicatorRows } from "./ioc/check-csv.js";
import { readFeed } from "./ioc/check-misp.js";
import { readBundle } from "./ioc/check-stix.js";
import { IndicatorReader } from "./ioc/indicator.js";
import { iocLanguage } from "./ioc/language.js";
import type { ExportFacts } from "./model.js";
import { sigmaLanguage } from "./sigma/language.js";

/** `rule` is null where it is none in particular. */
export interface FormFinding {
  readonly rule: string | null;
  readonly message: string;
}

/** What a form's reader found, one an indicator, in their order. */
interface Read {
  readonly value: string;
  readonly id: string;
}

type Files = ReadonlyMap<string, Uint8Array>;

const readers: Readonly<Record<Exclude<IOCForm, "plain">, (files: Files) => readonly Read[]>> = {
  csv: (files) =>
    readIndicatorRows(textOf(files, "indicators.csv")).map(([, value = "", id = ""]) => ({ value, id })),
  stix: (files) =>
    readBundle(parseJSON(utf8Bytes(textOf(files, "stix-bundle.json")))).map(({ name, id }) => ({
      value: name,
      id: id.slice("indicator--".length),
    })),
  misp: (files) => {
    const below = [...files].map(([path, bytes]) => [path.slice("misp/".length), bytes] as const);
    return readFeed(new Map(below), parseJSON).map(({ id, value }) => ({ id, value: withoutBar(value) }));
  },
};
export const checkedForms = Object.keys(readers);

/** As a list of ours would have it: MISP parts host and port by a bar. */
function withoutBar(value: string): string {
  const [, host = "", port = ""] = /^([0-9a-z._:-]+)\|(\d+)$/.exec(value) ?? [];
  if (host === "") return value;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `records` are some of an indicator section, in their order. */
export function checkIndicatorForms(records: readonly string[], facts: ExportFacts): FormFinding[] {
  const findings: FormFinding[] = [];
  const ids: string[] = [];
  for (const [form, read] of Object.entries(readers)) {
    try {
      const found = read(filesOf(records, form as IOCForm, facts));
      const message = `expected ${records.length} indicators in ${form}, got ${found.length}`;
      if (found.length !== records.length) findings.push({ rule: null, message });
      else findings.push(...compare(form, records, found, ids));
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      findings.push({ rule: null, message: `${form}: ${error.message}` });
    }
  }
  return findings;
}

/** Each value, read as a line of a list, is the record; and an indicator has one id in all forms, which the first form says. */
function* compare(
  form: string,
  records: readonly string[],
  found: readonly Read[],
  ids: string[],
): Iterable<FormFinding> {
  const reader = new IndicatorReader();
  for (const [i, { value, id }] of found.entries()) {
    const record = records[i] as string;
    const rule = iocLanguage.ruleID(record) ?? null;
    ids[i] ??= id;
    const isSame = reader.read(byteString(utf8Bytes(value))) === record;
    if (!isSame) yield { rule, message: `expected it in ${form}, got another indicator` };
    else if (ids[i] !== id) yield { rule, message: `expected one id in every form, got another in ${form}` };
  }
}

/** `records` are some of a Sigma section: every file has a path of its own, and is its rule. */
export function checkSigmaFolders(records: readonly string[], facts: ExportFacts): FormFinding[] {
  const findings: FormFinding[] = [];
  const paths = new Set<string>();
  let i = 0;
  for (const { path, chunks } of exportInForms("sigma", records, { ioc: [], sigma: "logsource" }, facts)) {
    const record = records[i++] as string;
    const rule = sigmaLanguage.ruleID(record) ?? null;
    const read = sigmaLanguage.parse({ path, bytes: concatBytes(...chunks) });
    const [error] = read.findings.filter(({ severity }) => severity === "error");
    const isSame = read.records.length === 1 && read.records[0] === record;
    if (!isSame)
      findings.push({ rule, message: `expected it in ${path}, got ${error?.message ?? "another rule"}` });
    const folded = path.toLowerCase();
    if (paths.has(folded)) findings.push({ rule, message: `expected a file of its own, got ${path} twice` });
    paths.add(folded);
  }
  const message = `expected ${records.length} files by log source, got ${i}`;
  if (i !== records.length) findings.push({ rule: null, message });
  return findings;
}

function filesOf(records: readonly string[], form: IOCForm, facts: ExportFacts): Files {
  const files = new Map<string, Uint8Array>();
  for (const { path, chunks } of exportInForms("ioc", records, { ioc: [form], sigma: "flat" }, facts)) {
    files.set(path, concatBytes(...chunks));
  }
  return files;
}

const textOf = (files: Files, path: string) => utf8Text(files.get(path) ?? new Uint8Array());
