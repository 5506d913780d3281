/** The engine is told that its files are others, until it has taken them. SPEC §16.6.7. */
import { OperationError, quote } from "../core/errors.js";
import type { EndpointEngine } from "../ports/endpoint-engine.js";
import type { EndpointExports } from "../ports/endpoint-store.js";
import { type HealthChoices, engineVariables, lastLine, timeLimitMs } from "./health.js";
import type { StateKeeper } from "./state.js";

export interface ReloadInput {
  readonly state: StateKeeper;
  readonly exports: EndpointExports;
  readonly engine?: EndpointEngine | undefined;
  readonly health?: HealthChoices | undefined;
}

/** @throws OperationError ENGINE_RELOAD_FAILED: the files are in place, and the next update tells the engine again */
export async function reloadEngine({ state, exports, engine, health }: ReloadInput): Promise<void> {
  const { installed, reloadDue } = state.now;
  if (!reloadDue || installed === null || health?.reload === undefined) return;
  const { folder } = exports;
  const answer = await engine?.run({
    ...{ command: health.reload, folder, timeoutMs: timeLimitMs(health) },
    variables: engineVariables(health.kind, folder, installed.release),
  });
  if (answer?.exit !== 0) {
    const got = answer === undefined ? "no way to run it" : `exit ${answer.exit}: ${quote(lastLine(answer))}`;
    throw new OperationError(
      "ENGINE_RELOAD_FAILED",
      `expected the engine to load release ${installed.release} again, got ${got}`,
    );
  }
  await state.set({ reloadDue: false });
}
