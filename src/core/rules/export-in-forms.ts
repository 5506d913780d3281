/** A section as its readers want it. Each form depends on the section and the facts of its release alone. */
import { type ExportForms, type IOCForm, iocForms } from "./export-forms.js";
import { mispFiles } from "./ioc/misp-feed.js";
import { csvFile, stixFile } from "./ioc/structured-lists.js";
import type { ExportFacts, ExportedFile, RuleKind } from "./model.js";
import { ruleLanguage } from "./registry.js";
import { exportByLogsource } from "./sigma/by-logsource.js";

/** Paths are relative to the kind's folder. `records` is one whole section, in order, and may be drawn several times. */
export function* exportInForms(
  kind: RuleKind,
  records: Iterable<string>,
  forms: ExportForms,
  facts: ExportFacts,
): Iterable<ExportedFile> {
  if (kind === "sigma" && forms.sigma === "logsource") return yield* exportByLogsource(records);
  if (kind !== "ioc") return yield* ruleLanguage(kind).exportFiles(records);
  for (const form of iocForms) if (forms.ioc.includes(form)) yield* iocFiles(form, records, facts);
}

function* iocFiles(form: IOCForm, records: Iterable<string>, facts: ExportFacts): Iterable<ExportedFile> {
  switch (form) {
    case "plain":
      return yield* ruleLanguage("ioc").exportFiles(records);
    case "csv":
      return yield csvFile(records);
    case "stix":
      return yield stixFile(records, facts);
    case "misp":
      return yield* mispFiles(records, facts);
  }
}
