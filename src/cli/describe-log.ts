/** Witnesses and monitors, for a person to read. */
import { formatFacts } from "./figures.js";

export interface WitnessView {
  readonly name: string;
  readonly vkey: string;
  readonly listen: string;
  readonly logs: readonly {
    readonly vkey: string;
    readonly cosigned: { readonly size: number; readonly root: string } | null;
  }[];
}

export function describeWitness({ vkey, listen, logs }: WitnessView): string {
  return formatFacts([
    ["witness", vkey],
    ["listens on", listen],
    ...logs.map(({ vkey, cosigned }): [string, string] => [
      "follows",
      `${vkey}, ${cosigned === null ? "nothing cosigned yet" : `cosigned at ${cosigned.size} entries`}`,
    ]),
  ]);
}

interface AlarmView {
  readonly code: string;
  readonly message: string;
  readonly evidence: readonly string[];
}

export function describeAlarm({ code, message, evidence }: AlarmView): string {
  const kept = evidence.length === 0 ? "" : `; kept as ${evidence.join(" and ")}`;
  return `ALARM: ${code}: ${message}${kept}`;
}

interface SeenView {
  readonly index: number;
  readonly entry: { readonly kind: string; readonly time: string };
}

/** Kind, time and the members of its kind, in their order. */
export function describeEntry({ index, entry: { kind, time, ...members } }: SeenView): string {
  const said = Object.entries(members).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [`${index}`, time, kind, ...said].join("  ");
}

export function describeLook(look: {
  readonly head: { readonly size: number } | undefined;
  readonly entries: readonly SeenView[];
  readonly alarms: readonly AlarmView[];
}): string {
  const { head, entries, alarms } = look;
  const size = head === undefined ? "nothing read yet" : `${head.size} entries, all held against the root`;
  const verdict = alarms.length === 0 ? "no alarm" : alarms.map(describeAlarm).join("\n");
  return [...entries.map(describeEntry), size, verdict].join("\n");
}
