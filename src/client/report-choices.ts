/** Whether an endpoint reports, to whom, and how long a report may wait: what its owner chose. Part of `config.json`. SPEC §16.5.1 */
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { UsageError, quote } from "../core/errors.js";

export interface ReportChoices {
  /** Where `/reports/<region>` is; absent: where the public tree is. */
  readonly url?: string;
  readonly region: string;
  /** A report waits a random time of at most so long. */
  readonly delaySeconds: number;
}

const delaySecondsDefault = 600;
export const delaySecondsMax = 86_400;

/** Undefined: this endpoint says nothing to anybody. @throws UsageError USAGE */
export function parseReportChoices(value: JSONValue | undefined): ReportChoices | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJSONObject(value)) throw wrong("choices of reports", value);
  const { url, region, delaySeconds = delaySecondsDefault } = value;
  if (typeof region !== "string" || !/^[a-z][a-z0-9-]{0,30}$/.test(region))
    throw wrong("the name of a region", region);
  if (url !== undefined && (typeof url !== "string" || !/^https?:\/\/[^\s?#]+$/.test(url)))
    throw wrong("an http or https address without query", url);
  const isWait = typeof delaySeconds === "number" && Number.isInteger(delaySeconds);
  if (!isWait || delaySeconds < 0 || delaySeconds > delaySecondsMax)
    throw wrong(`seconds from 0 to ${delaySecondsMax}`, delaySeconds);
  return { region, delaySeconds, ...(url !== undefined && { url: url as string }) };
}

/** @throws UsageError USAGE for a tree that is a folder: there is nobody to tell */
export function reportAddress(tree: string, { url = tree, region }: Pick<ReportChoices, "url" | "region">) {
  if (!/^https?:/.test(url)) throw wrong("a server that takes reports (--report URL)", url);
  return `${url.replace(/\/+$/, "")}/reports/${region}`;
}

const wrong = (expected: string, got: JSONValue | undefined): UsageError =>
  new UsageError("USAGE", `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`);
