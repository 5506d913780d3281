/** What is done without being asked: by this process where it is the only one, by the one that leads where there are several. */
import type { Logger } from "pino";
import type { ServiceContext } from "../services/context.js";
import { followLead } from "../services/follow-lead.js";
import { createScheduler, type Timer } from "../services/scheduler.js";
import type { ComposedService } from "./compose-service.js";

export const timer: Timer = (ms, callback) => {
  const handle = setTimeout(callback, ms);
  return () => clearTimeout(handle);
};

export interface Work {
  /** Once the service listens: its own address is asked for time-stamps. */
  start(): Promise<void>;
  /** There is work, for us or for the process that leads. */
  wake(): void;
  /** Nothing new is begun. The lead is kept, and both logs, until the last callers have their answers. */
  pause(): Promise<void>;
  end(): Promise<void>;
}

export function leads({ leadership }: Pick<ServiceContext, "leadership">): boolean {
  return leadership === undefined || leadership.term !== undefined;
}

/** Resolves when it is known who leads. */
export async function beginWork(service: ComposedService, log: Logger): Promise<Work> {
  const { context } = service;
  const { leadership, meter } = context;
  const onError = (error: unknown, doing: string) => {
    log.error({ err: error, doing }, "scheduled work failed");
    meter?.note("rulemint_scheduler_failures_total", {});
  };
  const scheduler = createScheduler(context, { timer, onError });
  if (leadership === undefined) {
    meter?.note("rulemint_leading", {}, 1);
    const [start, pause] = [() => scheduler.start(), () => scheduler.stop()];
    return { start, pause, wake: () => scheduler.wake(), end: async () => undefined };
  }
  let state: "waits" | "goes" | "pauses" = "waits";
  const startIfLeading = async () => {
    if (state === "goes" && leads(context)) await scheduler.start();
  };
  const told = (leading: boolean) => {
    meter?.note("rulemint_leading", {}, Number(leading));
    log.info({ term: leadership.term }, leading ? "leads" : "leads no more");
  };
  const end = await followLead(leadership, {
    ...{ timer, onError, wake: () => scheduler.wake() },
    begin: async () => {
      told(true);
      await startIfLeading();
    },
    end: async () => {
      told(false);
      await scheduler.stop();
      await service.letGo();
    },
  });
  return {
    start: async () => {
      state = "goes";
      await startIfLeading();
    },
    wake: () => {
      if (leads(context)) scheduler.wake();
      else leadership.callLeader().catch((error: unknown) => onError(error, "calling the leader"));
    },
    pause: async () => {
      state = "pauses";
      await scheduler.stop();
    },
    end,
  };
}
