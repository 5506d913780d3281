/** One report, four forms: text and HTML for people, JSON for machines, and the picture alone. */
import { UsageError, quote } from "../../core/errors.js";
import type { AuditReport } from "../report.js";
import { renderChain } from "./chain-svg.js";
import { renderHTML } from "./html.js";
import { renderText } from "./text.js";

const forms: Readonly<Record<string, (report: AuditReport) => string>> = {
  txt: (report) => `${renderText(report)}\n`,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  html: renderHTML,
  svg: picture,
};

/** By the ending of the file's name. @throws UsageError USAGE */
export function formOf(path: string): (report: AuditReport) => string {
  const form = forms[/\.([a-z]+)$/.exec(path)?.[1] ?? ""];
  if (form !== undefined) return form;
  throw new UsageError("USAGE", `expected a report named .txt, .json, .html or .svg, got ${quote(path)}`);
}

/** @throws UsageError USAGE when the report has none */
function picture({ chain }: AuditReport): string {
  if (chain === null) throw new UsageError("USAGE", "expected a report with a picture, got one without");
  return `${renderChain(chain)}\n`;
}
