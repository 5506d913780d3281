/** Which alarms are news. One that lasts is shouted once; one that went away and comes again is shouted again. */
import type { LookState } from "./look-at-log.js";
import type { Memory } from "./memory.js";
import type { Alarm } from "./model.js";

/** An entry is read once, so what it says stands for one look only; everything else lasts as long as it is found. */
export function shoutable(
  { memory, findings }: LookState,
  at: string,
): { readonly alarms: readonly Alarm[]; readonly fresh: readonly Alarm[]; readonly memory: Memory } {
  const standing: Record<string, Alarm> = {};
  for (const { code, message, evidence = [] } of findings) {
    const name = nameOf(code, message);
    standing[name] = memory.standing[name] ?? { code, message, at, evidence };
  }
  if (memory.fork !== null) standing.LOG_FORK = memory.fork;
  const news = Object.keys(standing).filter((name) => memory.standing[name] === undefined);
  const fresh = [...memory.untold, ...news.map((name) => standing[name] as Alarm)];
  const alarms = [...memory.untold, ...Object.values(standing)];
  return { alarms, fresh, memory: { ...memory, standing, untold: fresh } };
}

/** The same fault in other figures is the same fault. */
function nameOf(code: string, message: string): string {
  const lasting = ["LOG_SILENT", "CHECKPOINT_STALE", "WITNESS_QUORUM", "LOG_REWOUND"].includes(code);
  return lasting ? code : `${code}: ${message}`;
}
