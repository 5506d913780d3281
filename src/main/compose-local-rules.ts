/** An endpoint's local rules, asked for and changed from the command line. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { describeCheck, describeRules } from "../cli/describe-rules.js";
import type { Progress, Report } from "../cli/doors.js";
import type { RulesOrder } from "../cli/rules-doors.js";
import type { ChangeResult } from "../client/local-rules/change-local-rules.js";
import type { EndpointRules } from "../client/local-rules/endpoint-rules.js";
import { localLimits } from "../client/local-rules/model.js";
import { RulemintError, UsageError, quote } from "../core/errors.js";
import { withUpdater } from "./compose-endpoint.js";

export function rulesInClient(order: RulesOrder, progress: Progress): Promise<Report> {
  const { state } = order;
  switch (order.verb) {
    case "list":
      return withUpdater(state, progress, async ({ rules }) => {
        const status = await rules.status();
        return { ok: true, json: status, text: describeRules(status) };
      });
    case "check":
      return withUpdater(state, progress, async ({ rules }) => {
        const check = await rules.check();
        return { ok: check.ok, json: check, text: describeCheck(check) };
      });
    case "reset":
      return changed(state, progress, (rules) => rules.reset());
    case "add":
      return changed(state, progress, async (rules) =>
        rules.add(await Promise.all(order.files.map(readOwn)), order),
      );
    case "remove":
      return changed(state, progress, (rules) => rules.remove(order.what, order.kind));
    default:
      return changed(state, progress, (rules) => rules[order.verb](order.what, order));
  }
}

function changed(
  state: string,
  progress: Progress,
  change: (rules: EndpointRules) => Promise<ChangeResult>,
): Promise<Report> {
  return withUpdater(state, progress, async ({ rules }) => {
    const { status, isExported } = await change(rules);
    return { ok: true, json: { ...status, isExported }, text: describeRules(status) };
  });
}

/** Its name is the last part of the path, wherever that leads. @throws UsageError USAGE */
async function readOwn(path: string): Promise<{ name: string; bytes: Uint8Array }> {
  try {
    const { size } = await stat(path);
    if (size > localLimits.ownBytesMax) {
      throw new UsageError(
        "USAGE",
        `expected at most ${localLimits.ownBytesMax} bytes of own rules in ${quote(path)}, got ${size}`,
      );
    }
    return { name: basename(path), bytes: new Uint8Array(await readFile(path)) };
  } catch (cause) {
    if (cause instanceof RulemintError) throw cause;
    throw new UsageError("USAGE", `expected a readable file at ${quote(path)}`, { cause });
  }
}
