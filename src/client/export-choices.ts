/** What an endpoint's engines are given, and in which forms: its owner's choice, part of `config.json`. SPEC §8.7.5. */
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { UsageError, quote } from "../core/errors.js";
import { type ExportForms, iocForms, sigmaForms, usualForms } from "../core/rules/export-forms.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { type EngineChoice, type KnownEngine, parseEngines } from "./engine-choices.js";
import type { HealthChoices } from "./health.js";
import type { EndpointConfig } from "./model.js";

type ExportConfig = Pick<EndpointConfig, "exportKinds" | "exportForms" | "engines">;

export interface ExportChoices {
  /** Kinds that every update exports to the endpoint's own export folder. */
  readonly kinds: readonly RuleKind[];
  readonly forms: ExportForms;
  /** At most one a kind; a kind without is exported whole. */
  readonly engines: readonly EngineChoice[];
}

export function exportChoices({ exportKinds, exportForms, engines }: ExportConfig): ExportChoices {
  return { kinds: exportKinds, forms: exportForms, engines };
}

/** From what holds now. */
export type ChangeExports = (now: ExportChoices) => object;

/** @throws UsageError USAGE */
export function parseExportChoices(value: object): ExportChoices {
  const { kinds, forms, engines } = value as Readonly<Record<keyof ExportChoices, JSONValue>>;
  const parsed = { kinds: parseExportKinds(kinds), forms: parseExportForms(forms) };
  return { ...parsed, engines: parseEngines(engines) };
}

/** Whether an export was made as its owner wants it now, and for the engines that are there now: these words are equal. */
export function exportMark(
  { exportKinds, exportForms }: ExportConfig,
  engines: readonly KnownEngine[],
): string {
  return JSON.stringify({ kinds: exportKinds, forms: exportForms, engines });
}

/** @throws UsageError USAGE */
export function parseExportForms(value: JSONValue | undefined): ExportForms {
  if (value === undefined) return usualForms;
  if (!isJSONObject(value)) throw wrong("forms", value);
  const { ioc = usualForms.ioc, sigma = usualForms.sigma } = value as { ioc?: JSONValue; sigma?: JSONValue };
  const form = sigmaForms.find((one) => one === sigma);
  if (form === undefined) throw wrong(`one of ${sigmaForms.join(", ")}`, sigma as JSONValue);
  return { ioc: chosen(iocForms, ioc as JSONValue), sigma: form };
}

function parseExportKinds(value: JSONValue): readonly RuleKind[] {
  return Array.isArray(value) && value.length === 0 ? [] : chosen(ruleKinds, value);
}

/** SPEC §16.6.3: without a command that scans, samples are looked up in the plain lists. @throws UsageError USAGE */
export function requireReadableSamples(
  { kinds, forms }: ExportChoices,
  health: HealthChoices | undefined,
): void {
  const { kind, scan, mustMatch = [], mustNotMatch = [] } = health ?? { kind: "yara" };
  if (kind !== "ioc" || scan !== undefined || mustMatch.length + mustNotMatch.length === 0) return;
  if (kinds.includes("ioc") && forms.ioc.includes("plain")) return;
  throw wrong("plain lists of indicators among the exports, where samples are looked up", [...forms.ioc]);
}

/** In the order of the table, each once. */
function chosen<T extends string>(known: readonly T[], value: JSONValue): readonly T[] {
  const isKnown = (one: JSONValue) => known.includes(one as T);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isKnown)) {
    throw wrong(`some of ${known.join(", ")}`, value);
  }
  return known.filter((one) => value.includes(one));
}

const wrong = (expected: string, got: JSONValue): UsageError =>
  new UsageError("USAGE", `expected ${expected}, got ${quote(JSON.stringify(got))}`);
