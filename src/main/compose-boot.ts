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
    const text = isCounted ? `${engine} is up.` : `No start of ${engine} was counted.`;
    return { ok: true, json: { engine, isCounted }, text };
  });
}

function describeStart({ outcome, engine, starts, triesMax, installed }: EngineStart): string {
  const release = installed === null ? "no release" : `release ${installed.release}`;
  const failed = `${engine} was started ${starts} times on its files and never came up`;
  switch (outcome) {
    case "rolled-back":
      return `${engine} never came up on the release that was here. It now starts on ${release}.`;
    case "own-rules-set-aside":
      return `${engine} never came up with your own rules. It now starts on ${release} without them.`;
    case "deferred":
      return `${failed}; another process is at work on the endpoint, so the next start sees to it.`;
    case "nowhere":
      return `${failed}; ${release} stays, for there is no sound one to go back to.`;
    case "counted":
      return starts === 0
        ? `${engine} starts on ${release}.`
        : `${engine} starts on ${release}; ${starts} of ${triesMax} without coming up.`;
  }
}
