/**
 * `reports.json`: what updates left to be said. Updates alone write it, under the endpoint's lock. An endpoint that has lost it begins anew
 * with what it has then, and so says nothing twice.
 */
import { utf8Bytes } from "../core/encoding/bytes.js";
import { type JSONObject, isJSONObject, parseJSON } from "../core/encoding/json.js";
import { VerificationError } from "../core/errors.js";
import type { HealthReport } from "../core/health-report.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";

export interface Note {
  readonly report: HealthReport;
  readonly dueAt: string;
}

export interface ReportNotes {
  readonly schema: 1;
  /** `<release>/<outcome>` of all that needs no more noting, oldest first. */
  readonly said: readonly string[];
  readonly noted: readonly Note[];
}

const fileName = "reports.json";
const saidMax = 64;
const notedMax = 16;

export const noteID = ({ report }: Pick<Note, "report">): string => `${report.release}/${report.outcome}`;

/** Undefined when there are none, or none that can be read. */
export async function readNotes(files: EndpointFiles): Promise<ReportNotes | undefined> {
  const found = await readLists(files, fileName, ["said", "noted"]);
  return found === undefined || found === "spoiled" ? undefined : (found as unknown as ReportNotes);
}

/** Durable when it returns; bounded, whatever it is given. */
export async function writeNotes(files: EndpointFiles, { schema, said, noted }: ReportNotes): Promise<void> {
  await writeLists(files, fileName, { schema, said: said.slice(-saidMax), noted: noted.slice(-notedMax) });
}

export const forgetNotes = (files: EndpointFiles): Promise<void> => files.remove(fileName);

/** A file of ours with these lists in it. */
export async function readLists(
  files: EndpointFiles,
  name: string,
  lists: readonly string[],
): Promise<JSONObject | "spoiled" | undefined> {
  const bytes = await files.read(name);
  if (bytes === undefined) return undefined;
  try {
    const value = parseJSON(bytes);
    const isOurs =
      isJSONObject(value) && value.schema === 1 && lists.every((list) => Array.isArray(value[list]));
    return isOurs ? value : "spoiled";
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return "spoiled";
  }
}

export async function writeLists(files: EndpointFiles, name: string, value: object): Promise<void> {
  await files.write(name, utf8Bytes(`${JSON.stringify(value, null, 2)}\n`));
}
