/** `rulemint client status`: read from the endpoint's disk alone; nothing that fetches, proves or applies is loaded for it. */
import { nodeDigest } from "../adapters/node-digest.js";
import { systemClock } from "../adapters/clock/system.js";
import { describeStatus } from "../cli/describe-status.js";
import type { Report } from "../cli/doors.js";
import { readStatus } from "../client/status.js";
import { openEndpoint } from "./compose-endpoint-folder.js";

export async function clientStatus(state: string): Promise<Report> {
  const status = await readStatus({
    store: await openEndpoint(state),
    digest: nodeDigest,
    now: systemClock.now(),
  });
  return { ok: true, json: status, text: describeStatus(status) };
}
