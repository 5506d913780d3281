/** When an endpoint takes a release: what its owner chose. Part of `config.json`; it survives every update. SPEC §16.1.8. */
import { type ReleaseNumber, releaseNumber } from "../core/brands.js";
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { RulemintError, UsageError, quote } from "../core/errors.js";
import { formatTime, parseTime } from "../core/trust/metadata.js";

/** `drawn`: as its number falls; `early`: with the first; `late`: with the last ring; `stable`: nothing that is still rolled out. */
export const turns = ["drawn", "early", "late", "stable"] as const;
export type Turn = (typeof turns)[number];

export interface RingChoices {
  readonly turn: Turn;
  /** Nothing above this release. */
  readonly pin?: ReleaseNumber;
  /** Nothing new at all: until this time, or until it is taken back. */
  readonly hold?: string | true;
  /** Nothing that is younger than this. */
  readonly delayHours?: number;
}

export const noChoices: RingChoices = { turn: "drawn" };

const delayHoursMax = 24 * 90;

/** What the file says, or a person. @throws UsageError USAGE */
export function parseRingChoices(value: JSONValue | undefined): RingChoices {
  if (value === undefined) return noChoices;
  if (!isJSONObject(value)) throw wrong("choices of rings", value);
  const { turn = "drawn", pin, hold, delayHours } = value;
  if (!turns.some((one) => one === turn)) throw wrong(turns.join(", "), turn);
  return {
    turn: turn as Turn,
    ...(pin !== undefined && { pin: said(() => releaseNumber(pin), "a release number", pin) }),
    ...(hold !== undefined && { hold: holdOf(hold) }),
    ...(delayHours !== undefined && { delayHours: hoursOf(delayHours) }),
  };
}

function holdOf(value: JSONValue): string | true {
  if (value === true) return true;
  return said(() => formatTime(parseTime(value)), "a time such as 2026-12-31T00:00:00Z", value);
}

function hoursOf(value: JSONValue): number {
  if (typeof value === "number" && value >= 1 && value <= delayHoursMax) return value;
  throw wrong(`hours from 1 to ${delayHoursMax}`, value);
}

function said<T>(read: () => T, expected: string, value: JSONValue): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RulemintError) throw wrong(expected, value);
    throw error;
  }
}

function wrong(expected: string, got: JSONValue): UsageError {
  return new UsageError("USAGE", `expected ${expected}, got ${quote(JSON.stringify(got))}`);
}
