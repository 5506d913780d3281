/**
 * SPEC §6.1.1: a reader for DER (ITU-T X.690 §10), and for nothing looser: minimal definite lengths, minimal integers, booleans 0xff,
 * zero padding bits, sorted SET OF, UTC times. The whole input is one value; depth is bounded. Every accessor names the
 * tag it expects, so a byte that no accessor compared cannot be part of what a caller understood.
 */
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { byteString, compareBytes, utf8Text } from "./bytes.js";
import { generalizedTime, isIA5, isPrintable, malformed, oidText, utcTime } from "./der-values.js";

/** Identifier octets of the universal types that X.509 and CMS use. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of a context tag: primitive, or constructed. */
export const contextTag = (number: number): number => 0x80 | number;
export const constructedTag = (number: number): number => 0xa0 | number;

export const tagName = (tag: number): string => `tag 0x${tag.toString(16).padStart(2, "0")}`;

/** One value: its identifier octet, all of its bytes, and its content. */
export class DERNode {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
  /** Empty when the value is primitive. */
  readonly children: readonly DERNode[];

  constructor(tag: number, bytes: Uint8Array, content: Uint8Array, children: readonly DERNode[]) {
    this.tag = tag;
    this.bytes = bytes;
    this.content = content;
    this.children = children;
  }

  /** @throws VerificationError DER_MALFORMED when the identifier octet is another one. */
  expect(tag: number, what = "a value"): this {
    if (this.tag !== tag) throw malformed(`${what} with ${tagName(tag)}`, tagName(this.tag));
    return this;
  }

  /** The same content under the universal tag that an IMPLICIT `tag` stands for; `bytes` stay as they came. */
  as(tag: number, universal: number): DERNode {
    return new DERNode(universal, this.expect(tag).bytes, this.content, this.children);
  }

  /** The fields of a SEQUENCE, to be taken in order. */
  fields(what = "a sequence"): DERFields {
    return new DERFields(this.expect(tags.sequence, what).children, what);
  }

  /** The elements of a SEQUENCE OF. */
  sequenceOf(what = "a sequence"): readonly DERNode[] {
    return this.expect(tags.sequence, what).children;
  }

  /** The elements of a SET OF. X.690 §11.6: ascending by their encodings. */
  setOf(what = "a set"): readonly DERNode[] {
    const elements = this.expect(tags.set, what).children;
    for (let i = 1; i < elements.length; i++) {
      if (compareBytes((elements[i - 1] as DERNode).bytes, (elements[i] as DERNode).bytes) > 0) {
        throw malformed(`${what} in ascending order`, `element ${i} before its predecessor`);
      }
    }
    return elements;
  }

  /** The only element of an EXPLICIT tag. */
  only(what = "a value", tag: number = this.tag): DERNode {
    const [child, more] = this.expect(tag, what).children;
    if (child === undefined || more !== undefined) {
      throw malformed(`${what} with one element`, `${this.children.length}`);
    }
    return child;
  }

  /** X.690 §11.1: true is 0xff. */
  boolean(): boolean {
    const content = this.expect(tags.boolean, "a boolean").content;
    if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) {
      throw malformed("a boolean of 0x00 or 0xff", "other octets");
    }
    return content[0] === 0xff;
  }

  /** The two's complement octets. X.690 §8.3.2: as few of them as possible. */
  integerBytes(): Uint8Array {
    const content = this.expect(tags.integer, "an integer").content;
    const [first, second] = content;
    if (first === undefined) throw malformed("an integer", "no octets");
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw malformed("a minimal integer", "a padded one");
    }
    return content;
  }

  /** The octets of an integer that is not negative, without the one that is only its sign: none for zero. */
  unsigned(): Uint8Array {
    const content = this.integerBytes();
    const first = content[0] as number;
    if (first >= 0x80) throw malformed("an integer from 0 on", "a negative one");
    return content.subarray(first === 0 ? 1 : 0);
  }

  /** An integer from 0 to 2^31 - 1. */
  smallInteger(): number {
    const octets = this.unsigned();
    if (octets.length > 4 || (octets.length === 4 && (octets[0] as number) >= 0x80))
      throw malformed("a small integer", "another one");
    return octets.reduce((value, octet) => value * 256 + octet, 0);
  }

  null(): void {
    if (this.expect(tags.null, "null").content.length !== 0) throw malformed("null", "octets in it");
  }

  octets(): Uint8Array {
    return this.expect(tags.octetString, "an octet string").content;
  }

  /** X.690 §11.2.1: unused bits are zero. Without unused bits unless the caller takes them. */
  bitString(unused: "none" | "allowed" = "none"): Uint8Array {
    const content = this.expect(tags.bitString, "a bit string").content;
    const padding = content[0];
    if (
      padding === undefined ||
      padding > 7 ||
      (padding > 0 && (unused === "none" || content.length === 1))
    ) {
      throw malformed("a bit string of whole octets", `${padding ?? "no"} unused bits`);
    }
    const bits = content.subarray(1);
    const last = bits[bits.length - 1] ?? 0;
    if ((last & ((1 << padding) - 1)) !== 0) throw malformed("zero padding bits", "set ones");
    return bits;
  }

  /** X.690 §11.2.2: a named bit list ends with a set bit. The positions of all set bits. */
  namedBits(): ReadonlySet<number> {
    const bits = this.bitString("allowed");
    const padding = this.content[0] as number;
    const last = bits[bits.length - 1];
    if (last !== undefined && ((last >> padding) & 1) === 0) throw malformed("no trailing zero bits", "some");
    const set = new Set<number>();
    bits.forEach((octet, i) => {
      for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) set.add(8 * i + bit);
    });
    return set;
  }

  /** Dotted decimal. X.690 §8.19.2: no leading 0x80 octets. Arcs may be large: 2.25 holds UUIDs. */
  oid(): string {
    return oidText(this.expect(tags.oid, "an object identifier").content);
  }

  /** PrintableString, UTF8String or IA5String, each held to its alphabet. */
  text(): string {
    if (this.tag === tags.utf8String) return utf8Text(this.content);
    if (this.tag !== tags.printableString && this.tag !== tags.ia5String) {
      throw malformed("a character string", tagName(this.tag));
    }
    return this.characters(this.tag === tags.ia5String ? isIA5 : isPrintable);
  }

  /** The content as IA5String, whatever tag stands for it: the caller has compared it. */
  ia5(): string {
    return this.characters(isIA5);
  }

  private characters(alphabet: (octet: number) => boolean): string {
    if (!this.content.every(alphabet)) throw malformed("a character string", "characters it may not hold");
    return byteString(this.content);
  }

  /** UTCTime or GeneralizedTime of a certificate (RFC 5280 §4.1.2.5): seconds, `Z`, the right one of the two. */
  time(): Date {
    if (this.tag !== tags.generalizedTime) return utcTime(this.expect(tags.utcTime, "a time").content);
    const date = this.generalizedTime("whole-seconds");
    if (date.getUTCFullYear() < 2050) throw malformed("a UTC time before 2050", "a generalized time");
    return date;
  }

  /** X.690 §11.7: seconds are there, `Z`, a fraction has no trailing zero. */
  generalizedTime(fraction: "whole-seconds" | "fraction"): Date {
    return generalizedTime(this.expect(tags.generalizedTime, "a generalized time").content, fraction);
  }
}

/** The fields of a SEQUENCE in order. Whoever opens it calls `end()`: fields nobody asked for are refused. */
export class DERFields {
  readonly #nodes: readonly DERNode[];
  readonly #what: string;
  #position = 0;

  constructor(nodes: readonly DERNode[], what: string) {
    this.#nodes = nodes;
    this.#what = what;
  }

  /** The next field, whatever its tag; the caller's accessor checks it. */
  next(name = "another field"): DERNode {
    const node = this.#nodes[this.#position++];
    if (node === undefined) throw malformed(`${name} in ${this.#what}`, "its end");
    return node;
  }

  /** The next field if it has this tag. */
  optional(tag: number): DERNode | undefined {
    return this.#nodes[this.#position]?.tag === tag ? this.next() : undefined;
  }

  end(): void {
    const left = this.#nodes[this.#position];
    if (left !== undefined) throw malformed(`the end of ${this.#what}`, tagName(left.tag));
  }
}

/** SPEC §6.1.2: reads one value that fills `bytes`. @throws VerificationError DER_MALFORMED, LIMIT_EXCEEDED */
export function parseDER(bytes: Uint8Array, bytesMax: number = limits.cmsBytesMax): DERNode {
  if (bytes.length > bytesMax) {
    throw new VerificationError("LIMIT_EXCEEDED", `expected at most ${bytesMax} bytes, got ${bytes.length}`);
  }
  const node = readNode(bytes, 0, 0, { left: limits.derNodesMax });
  if (node.bytes.length !== bytes.length) {
    throw malformed("one value", `${bytes.length - node.bytes.length} bytes after it`);
  }
  return node;
}

/** `budget` bounds the memory that a small file of very many values would take. */
function readNode(bytes: Uint8Array, start: number, depth: number, budget: { left: number }): DERNode {
  if (budget.left-- <= 0) {
    throw new VerificationError("LIMIT_EXCEEDED", `expected at most ${limits.derNodesMax} values, got more`);
  }
  if (depth >= limits.derDepthMax) throw malformed(`at most ${limits.derDepthMax} levels`, "more");
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw malformed("a value", "the end");
  // X.690 §8.1.2.4: tag numbers above 30 occur nowhere in what we read.
  if (tag === 0 || (tag & 0x1f) === 0x1f) throw malformed("a single-octet tag", tagName(tag));
  const { length, headerBytes } = readLength(bytes, start + 1, first);
  const contentStart = start + 1 + headerBytes;
  const end = contentStart + length;
  if (end > bytes.length) throw malformed(`${length} octets of content`, `${bytes.length - contentStart}`);
  const content = bytes.subarray(contentStart, end);
  const children: DERNode[] = [];
  if ((tag & 0x20) !== 0) {
    for (let offset = 0; offset < content.length; ) {
      const child = readNode(content, offset, depth + 1, budget);
      children.push(child);
      offset += child.bytes.length;
    }
  }
  return new DERNode(tag, bytes.subarray(start, end), content, children);
}

/** X.690 §10.1: definite, and in the fewest octets. */
function readLength(bytes: Uint8Array, at: number, first: number): { length: number; headerBytes: number } {
  if (first < 0x80) return { length: first, headerBytes: 1 };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) throw malformed("a definite length", "another one");
  let length = 0;
  for (let i = 1; i <= octets; i++) length = length * 256 + (bytes[at + i] ?? Number.NaN);
  if (Number.isNaN(length)) throw malformed("a length", "the end");
  if (length < 0x80 || length < 256 ** (octets - 1)) throw malformed("a minimal length", "a padded one");
  return { length, headerBytes: 1 + octets };
}
