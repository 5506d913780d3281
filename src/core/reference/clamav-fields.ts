/** SPEC §3.8.7: the small fields of ClamAV's lines. */
import { NotARule } from "./model.js";

export function isName(text: string): boolean {
  return /^[!-~]+$/.test(text);
}

/** Decimal without leading zeros. */
export function isDecimal(text: string, max: number): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(text) && Number(text) <= max;
}

/** None, the least, or the least and the most level. */
export function isLevels(levels: readonly string[]): boolean {
  if (levels.length > 2 || !levels.every((level) => isDecimal(level, 4_294_967_295))) return false;
  return levels.length < 2 || Number(levels[0]) <= Number(levels[1]);
}

/** Undefined for `*`. */
export function targetOf(text: string): number | undefined {
  if (text === "*") return undefined;
  if (!isDecimal(text, 255)) throw new NotARule("no target");
  return Number(text);
}

/** An offset, perhaps with a shift; those inside an executable ask for a target that is one. */
export function isOffset(text: string, target: number | undefined): boolean {
  if (text === "*" || /^(?:\d{1,10}|EOF-\d{1,10})(?:,\d{1,10})?$/.test(text)) return true;
  if (/^\$(?:[0-2]?\d|3[01])$/.test(text)) return true;
  if (!/^(?:(?:EP[+-]|S\d{1,5}\+|SL\+)\d{1,10}(?:,\d{1,10})?|SE\d{1,5}(?:,\d{1,10})?|VI)$/.test(text))
    return false;
  return target === undefined || [1, 6, 9].includes(target);
}
