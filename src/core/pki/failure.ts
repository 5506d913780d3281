/** How the verifier says no: one code a lie, what was expected and what was there, for people. */
import { type ErrorCode, errorTable, PolicyError, quote, VerificationError } from "../errors.js";
import { type Name, nameText } from "./names.js";

/** What a message can hold. Names are an attacker's text: quoted and cut. */
type Shown = string | number | Date | Name | readonly string[];

/** `got` is put together from its parts. */
export function refusal(code: ErrorCode, expected: string, ...got: readonly Shown[]): VerificationError {
  const found = got.length === 0 ? "another" : got.map(shown).join(" ");
  const isPolicy = errorTable[code].class === "policy";
  return new (isPolicy ? PolicyError : VerificationError)(code, `expected ${expected}, got ${found}`);
}

/** @throws VerificationError with `code` unless it holds */
export function ensure(holds: unknown, code: ErrorCode, expected: string, ...got: Shown[]): asserts holds {
  if (!holds) throw refusal(code, expected, ...got);
}

function shown(value: Shown): string {
  if (value instanceof Date) return secondText(value);
  if (typeof value === "object" && "attributes" in value) return quote(nameText(value));
  return Array.isArray(value) ? value.join(", ") || "none" : `${value}`;
}

/** `YYYY-MM-DDTHH:MM:SSZ` */
export const secondText = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** Runs `read`; a DER error in it becomes `code`, because the structure is what the caller knows the bytes as. */
export function structured<T>(code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || !/^(DER_MALFORMED|TEXT_NOT_UTF8)$/.test(cause.code))
      throw cause;
    throw new VerificationError(code, cause.message, { cause });
  }
}

/** Awaits `work`; any refusal in it becomes `code`, and its own code stays readable in the message. */
export async function recoded<T>(code: ErrorCode, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code === code) throw cause;
    throw new VerificationError(code, `${cause.code}: ${cause.message}`, { cause });
  }
}
