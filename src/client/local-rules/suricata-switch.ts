/** Suricata's rules as they are switched on and off in a rules file: a rule that is off is a comment that everybody can read. */
import { isDisabled, keyOf, textOf } from "../../core/rules/suricata/record.js";

const onMark = "\0";
const offMark = "\x01";

/** The same record when it is so already. */
export function switched(record: string, on: boolean): string {
  if (isDisabled(record) !== on) return record;
  return `${keyOf(record)}${on ? onMark : offMark}${textOf(record)}`;
}

/** It goes on setting its flowbits, and does nothing else: a rule that drops would go on dropping. */
export function withoutAlert(record: string): string {
  const text = textOf(record).replace(/^[a-z]+/, "alert");
  const isQuiet = /[(;] ?(?:flowbits:)?noalert;/.test(text);
  const quiet = isQuiet ? text : `${text.slice(0, -1)}${text.endsWith("(") ? "" : " "}noalert;)`;
  return `${keyOf(record)}${onMark}${quiet}`;
}
