/** Short names for the ASN.1 values that issuing builds. SET OF is sorted here, because the library does not. */
import * as asn1js from "asn1js";
import { compareBytes } from "../core/encoding/bytes.js";

export type Value = asn1js.AsnType;

/** A buffer that holds these bytes and nothing else. `slice()` would not do: a Node Buffer shares its pool with the copy. */
export const copied = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

export const sequence = (...value: Value[]): asn1js.Sequence => new asn1js.Sequence({ value });
export const objectID = (value: string): asn1js.ObjectIdentifier => new asn1js.ObjectIdentifier({ value });
export const octetString = (bytes: Uint8Array): asn1js.OctetString =>
  new asn1js.OctetString({ valueHex: copied(bytes) });
export const utf8String = (value: string): asn1js.Utf8String => new asn1js.Utf8String({ value });
export const integer = (value: number): asn1js.Integer => new asn1js.Integer({ value });
export const none = (): asn1js.Null => new asn1js.Null();
export const truth = (): asn1js.Boolean => new asn1js.Boolean({ value: true });

/** X.690 §11.6: ascending by encoding. */
export function setOf(...values: Value[]): asn1js.Set {
  return new asn1js.Set({ value: derSorted(values) });
}

export function derSorted(values: readonly Value[]): Value[] {
  return [...values].sort((a, b) => compareBytes(encoded(a), encoded(b)));
}

/** An explicit or constructed implicit context tag. */
export function tagged(tagNumber: number, ...value: Value[]): asn1js.Constructed {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value });
}

/** A primitive implicit context tag. */
export function taggedBytes(tagNumber: number, bytes: Uint8Array): asn1js.Primitive {
  return new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex: copied(bytes) });
}

/** A positive INTEGER from its magnitude, minimal. */
export function positiveInteger(magnitude: Uint8Array): asn1js.Integer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const rest = magnitude.subarray(start);
  const padding = (rest[0] ?? 0) >= 0x80 ? 1 : 0;
  const octets = new Uint8Array(rest.length + padding);
  octets.set(rest, padding);
  return new asn1js.Integer({ valueHex: octets.buffer });
}

/** Whole octets; no unused bits. */
export function bitString(bytes: Uint8Array): asn1js.BitString {
  return new asn1js.BitString({ valueHex: copied(bytes) });
}

/** X.690 §11.2.2: a named bit list without trailing zero bits. */
export function namedBits(positions: readonly number[]): asn1js.BitString {
  const highest = Math.max(...positions);
  const octets = new Uint8Array(Math.floor(highest / 8) + 1);
  for (const bit of positions) octets[bit >> 3] = (octets[bit >> 3] as number) | (0x80 >> (bit & 7));
  return new asn1js.BitString({ valueHex: octets.buffer, unusedBits: 7 - (highest % 8) });
}

/** RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime from 2050; whole seconds. */
export function time(date: Date): Value {
  const valueDate = wholeSeconds(date);
  return valueDate.getUTCFullYear() < 2050
    ? new asn1js.UTCTime({ valueDate })
    : new asn1js.GeneralizedTime({ valueDate });
}

export function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

/** A value from bytes that somebody else encoded; the bytes stay as they are, inside other values too. */
export function spliced(der: Uint8Array): Value {
  return new Spliced({ data: copied(der) }) as unknown as Value;
}

/** The library's own raw value is lost inside a constructed one: it does not write to the writer that it is given. */
class Spliced extends asn1js.RawData {
  override toBER(sizeOnly?: boolean, writer?: asn1js.ViewWriter): ArrayBuffer {
    const bytes = super.toBER(sizeOnly);
    writer?.write(bytes);
    return bytes;
  }
}

export function encoded(value: Value): Uint8Array<ArrayBuffer> {
  return new Uint8Array(value.toBER(false));
}
