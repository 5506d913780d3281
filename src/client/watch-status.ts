/** `watch.json`: what the daemon says of itself, for people and for machines. Losing it loses nothing. */
import { utf8Bytes } from "../core/encoding/bytes.js";
import { type JSONObject, isJSONObject, parseJSON } from "../core/encoding/json.js";
import { VerificationError } from "../core/errors.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";

/** Times are `YYYY-MM-DDTHH:MM:SSZ`; counts are since the start. */
export interface WatchStatus {
  readonly schema: 1;
  readonly pid: number;
  readonly startedAt: string;
  readonly stoppedAt: string | null;
  readonly intervalSeconds: number;
  readonly isUpdating: boolean;
  readonly lastPoll: { readonly at: string; readonly outcome: string } | null;
  readonly lastUpdate: {
    readonly at: string;
    readonly outcome: string;
    readonly milliseconds: number;
  } | null;
  readonly lastError: { readonly at: string; readonly code: string; readonly message: string } | null;
  /** Since the last round that went well. */
  readonly failures: number;
  readonly polls: number;
  readonly updates: number;
  readonly nextPollAt: string | null;
}

const fileName = "watch.json";

export function writeWatchStatus(files: EndpointFiles, status: WatchStatus): Promise<void> {
  return files.write(fileName, utf8Bytes(`${JSON.stringify(status, null, 2)}\n`));
}

/** Null where no daemon ever ran, or its file is damaged. */
export async function readWatchStatus(files: EndpointFiles): Promise<WatchStatus | null> {
  const bytes = await files.read(fileName);
  if (bytes === undefined) return null;
  try {
    const value = parseJSON(bytes);
    const isOurs = isJSONObject(value) && value.schema === 1 && typeof value.startedAt === "string";
    return isOurs ? (value as JSONObject as unknown as WatchStatus) : null;
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return null;
  }
}
