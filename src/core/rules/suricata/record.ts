/** A rule's record: gid and sid as u32be, one byte that is 1 when the rule is disabled, then the canonical text without gid and sid. */
import type { Rule } from "./rule.js";

const keyLength = 8;

export function formatRecord(rule: Rule, disabled: boolean): string {
  return `${recordKey(rule.gid, rule.sid)}${disabled ? "\x01" : "\0"}${rule.text}`;
}

/** What all revisions of a rule share. */
export function recordKey(gid: number, sid: number): string {
  return u32(gid) + u32(sid);
}

export function keyOf(record: string): string {
  return record.slice(0, keyLength);
}

export function isDisabled(record: string): boolean {
  return record.charCodeAt(keyLength) === 1;
}

export function textOf(record: string): string {
  return record.slice(keyLength + 1);
}

export function idOf(record: string): string {
  return `${number(record, 0)}:${number(record, 4)}`;
}

/** 0 for a rule without one, as the engines take it. */
export function revisionOf(record: string): number {
  return Number(/[( ]rev:(\d+);\)$/.exec(record.slice(-24))?.[1] ?? 0);
}

/** One line of a rules file. */
export function formatLine(record: string): string {
  const gid = number(record, 0);
  const text = textOf(record).slice(0, -1);
  const ids = gid === 1 ? `sid:${number(record, 4)};)` : `gid:${gid}; sid:${number(record, 4)};)`;
  return `${isDisabled(record) ? "# " : ""}${text}${text.endsWith("(") ? "" : " "}${ids}`;
}

function u32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function number(record: string, at: number): number {
  const high = (record.charCodeAt(at) << 8) | record.charCodeAt(at + 1);
  return high * 0x10000 + ((record.charCodeAt(at + 2) << 8) | record.charCodeAt(at + 3));
}
