/** A Sigma record: the rule's UUID in 16 raw bytes, then its text (`language.ts`). */
import { byteStringBytes, hexText } from "../../encoding/bytes.js";
import { uuidText } from "../../encoding/uuid.js";

export const idBytes = 16;

export function idOf(record: string): string {
  return uuidText(hexText(byteStringBytes(record.slice(0, idBytes))));
}
