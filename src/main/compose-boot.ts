/** `rulemint client boot`: said by an engine's unit, so it answers at once and never keeps the engine from starting for long. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBootOptions } from "../cli/boot-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import type { EngineStart } from "../client/index.js";
import { withUpdater } from "./compose-endpoint.js";

export async function bootClient(options: ClientBootOptions, progress: Progress): Promise<Report> {
  const { state, what, engine, triesMax, afterSeconds } = options;
  if (what === "starting") {
    return withUpdater(state, progress, async (updater) => {
      const start = await updater.engineStarting({ engine, triesMax });
      return { ok: true, json: start, text: describeStart(start) };
    });
  }
  await sleep(afterSeconds * 1000);
  return withUpdater(state, progress, async (updater) => {
    const isCounted = await updater.engineReady(engine);
    const hint = `no start of ${engine} was counted before; name it in "boot starting" too`;
    const text = isCounted ? `${engine} is up.` : `${engine} is up, but ${hint}.`;
    return { ok: true, json: { engine, isCounted }, text };
  });
}

function describeStart({ outcome, engine, starts, triesMax, installed, left }: EngineStart): string {
  const release = installed === null ? "no release yet" : `release ${installed.release}`;
  const failures = starts - 1;
  const times = failures === 1 ? "once" : `${failures} times`;
  const failed = `${engine} was started ${times} on its files and never came up`;
  switch (outcome) {
    case "rolled-back":
      return `${engine} never came up on release ${left}, in ${triesMax} starts. It now starts on ${release}, which was here before.`;
    case "own-rules-set-aside":
      return `${engine} never came up with your own rules. It now starts on ${release} without them.`;
    case "deferred":
      return `${failed}; another process is at work on the endpoint, so the next start sees to it.`;
    case "nowhere":
      return `${failed}; ${release} stays, for there is no sound one to go back to.`;
    case "counted":
      return failures < 1
        ? `${engine} starts on ${release}.`
        : `${engine} starts on ${release}; it failed to come up there ${times} (${triesMax} may fail).`;
  }
}
