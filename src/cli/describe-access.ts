/** The access log for people: one line an entry, alarms last. */
import type { AccessAlarm, ProvenAccess } from "../core/log/access-file.js";

export interface DescribedAccess {
  readonly origin: string;
  readonly size: number;
  readonly entries: readonly ProvenAccess[];
  readonly alarms: readonly AccessAlarm[];
}

export function describeAccess({ origin, size, entries, alarms }: DescribedAccess): string {
  const opened = entries.filter(({ entry }) => entry !== null).length;
  const head = `${origin}: ${size} leaves, ${entries.length} proven here, ${opened} of them opened`;
  return [head, "", ...entries.map(describeEntry), "", ...describeAlarms(alarms)].join("\n");
}

export function describeEntry({ index, entry, heartbeat, erasedBy }: ProvenAccess): string {
  const at = String(index).padStart(8);
  if (heartbeat !== null) return `${at}  ${heartbeat.time}  heartbeat, ${heartbeat.state}`;
  if (erasedBy !== null) return `${at}  erased, see ${erasedBy}`;
  if (entry === null) return `${at}  not proven`;
  const { time, kind, who, rights, operation, target, from, why, of, code } = entry;
  const about = of === null ? "" : ` of ${of}`;
  const refused = code === null ? "" : ` ${code}`;
  const reason = why === "" ? "" : `  because: ${why}`;
  return `${at}  ${time}  ${kind}${about}${refused}  ${who} (${rights.join(", ")}) from ${from}  ${operation} ${target}${reason}`;
}

export function describeAlarms(alarms: readonly AccessAlarm[]): string[] {
  if (alarms.length === 0) return ["No alarm."];
  return alarms.map(
    ({ code, index, detail }) => `ALARM ${code}${index === null ? "" : ` at ${index}`}: ${detail}`,
  );
}
