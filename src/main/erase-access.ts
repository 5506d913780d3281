/** `rulemint access erase`: an opening goes, beside a running service too. */
import { resolve } from "node:path";
import type { AccessEraseOptions } from "../cli/access-doors.js";
import type { Report } from "../cli/doors.js";
import { UsageError } from "../core/errors.js";
import { composeAccessLog } from "./compose-access.js";
import { readConfiguration } from "./configuration.js";
import { localUser } from "./local-user.js";

export async function eraseAccess({ data, index, why }: AccessEraseOptions): Promise<Report> {
  const folder = resolve(data);
  const { access } = readConfiguration(folder);
  if (access === undefined)
    throw new UsageError("CONFIGURATION", "expected an access log, got a folder without one");
  if (why.trim() === "") throw new UsageError("USAGE", "expected a reason, got none");
  const log = await composeAccessLog(folder, access);
  try {
    const erasedBy = await log.erase(index, { who: localUser(), from: "local", why });
    const text = `Erased what ${index} said; entry ${erasedBy} says who did and why.`;
    return { ok: true, json: { index, erasedBy }, text };
  } finally {
    await log.close();
  }
}
