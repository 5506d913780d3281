/** UUIDs that are made of names (RFC 9562 §5.5, version 5): the same name gives the same one everywhere. */
import { hexBytes, hexText, utf8Bytes } from "./bytes.js";
import { sha1 } from "./name-digests.js";

/** The function that names within one namespace, in lower-case text form. */
export function uuidMaker(namespace: string): (name: string) => string {
  const space = hexBytes(namespace.replaceAll("-", ""));
  return (name) => {
    const text = utf8Bytes(name);
    const named = new Uint8Array(space.length + text.length);
    named.set(space);
    named.set(text, space.length);
    const raw = sha1(named).subarray(0, 16);
    raw[6] = ((raw[6] as number) & 0x0f) | 0x50;
    raw[8] = ((raw[8] as number) & 0x3f) | 0x80;
    return uuidText(hexText(raw));
  };
}

/** Of 32 digits. */
export function uuidText(digits: string): string {
  const at = (from: number, to?: number) => digits.slice(from, to);
  return `${at(0, 8)}-${at(8, 12)}-${at(12, 16)}-${at(16, 20)}-${at(20)}`;
}
