/**
 * DER structures in the words of ASN.1 modules: the reader of a whole is put together from readers of its parts, and its type
 * follows. What a schema does not name cannot be there: every tag is compared, a SEQUENCE ends where its schema ends, and a
 * DEFAULT is never encoded. Readers throw DER_MALFORMED, and LIMIT_EXCEEDED for lists longer than they may be.
 */
import { VerificationError } from "../errors.js";
import { constructedTag, contextTag, type DERNode, parseDER, tagName, tags } from "./der.js";
import { malformed } from "./der-values.js";

export type Reader<T> = (node: DERNode) => T;

/** A field that may be left out. It is known by its tag, which `read` compares too. */
export interface Optional<T> {
  readonly tag: number;
  readonly read: Reader<T>;
  /** What stands for it then. */
  readonly absent: T;
}

type Shape = Readonly<Record<string, Reader<unknown> | Optional<unknown>>>;
type Value<F> = F extends Reader<infer T> ? T : F extends Optional<infer T> ? T : never;
export type Structure<S extends Shape> = { readonly [Name in keyof S]: Value<S[Name]> };

/** Whatever is there: compared or read by whoever takes it. */
export const any: Reader<DERNode> = (node) => node;
/** The same as bytes, identifier octet and length included. */
export const encoding: Reader<Uint8Array> = (node) => node.bytes;
export const integer: Reader<Uint8Array> = (node) => node.integerBytes();
/** INTEGER (0..MAX), its octets without the sign: none for zero. */
export const unsigned: Reader<Uint8Array> = (node) => node.unsigned();
export const smallInteger: Reader<number> = (node) => node.smallInteger();
export const enumerated: Reader<number> = (node) => node.as(tags.enumerated, tags.integer).smallInteger();
export const objectID: Reader<string> = (node) => node.oid();
export const octetString: Reader<Uint8Array> = (node) => node.octets();
export const bitString: Reader<Uint8Array> = (node) => node.bitString();
export const namedBits: Reader<ReadonlySet<number>> = (node) => node.namedBits();
/** NULL: that it is there is all that it says. */
export const none: Reader<true> = (node) => {
  node.null();
  return true;
};
/** Of certificates and lists. */
export const time: Reader<Date> = (node) => node.time();
export const generalizedTime: Reader<Date> = (node) => node.generalizedTime("whole-seconds");

/** SEQUENCE of these fields, in this order, and no other. */
export function sequence<S extends Shape>(what: string, shape: S): Reader<Structure<S>> {
  const named = Object.entries(shape);
  return (node) => {
    const fields = node.fields(what);
    const values: Record<string, unknown> = {};
    for (const [name, field] of named) {
      if (typeof field === "function") values[name] = field(fields.next(name));
      else {
        const found = fields.optional(field.tag);
        values[name] = found === undefined ? field.absent : field.read(found);
      }
    }
    fields.end();
    return values as Structure<S>;
  };
}

/** SEQUENCE SIZE (min..max) OF. Too few is malformed; too many is more than a limit of ours allows. */
export function sequenceOf<T>(
  what: string,
  element: Reader<T>,
  min = 0,
  max = Infinity,
): Reader<readonly T[]> {
  return (node) => sized(what, node.sequenceOf(what), min, max).map(element);
}

/** SET SIZE (min..max) OF. X.690 §11.6: ascending. */
export function setOf<T>(what: string, element: Reader<T>, min = 0, max = Infinity): Reader<readonly T[]> {
  return (node) => sized(what, node.setOf(what), min, max).map(element);
}

function sized(what: string, nodes: readonly DERNode[], min: number, max: number): readonly DERNode[] {
  if (nodes.length < min) throw malformed(`${what}, at least ${min}`, `${nodes.length}`);
  if (nodes.length <= max) return nodes;
  throw new VerificationError("LIMIT_EXCEEDED", `expected ${what}, at most ${max}, got ${nodes.length}`);
}

/** A SET OF that holds one element. */
export function setOfOne<T>(what: string, element: Reader<T>): Reader<T> {
  return (node) => element(node.only(what, tags.set));
}

export function optional<T>(tag: number, read: Reader<T>): Optional<T | undefined> {
  return { tag, read: (node) => read(node.expect(tag)), absent: undefined };
}

/** [number] EXPLICIT. */
export function explicit<T>(number: number, read: Reader<T>): Optional<T | undefined> {
  const tag = constructedTag(number);
  return { tag, read: (node) => read(node.only(`one value in [${number}]`, tag)), absent: undefined };
}

/** [number] IMPLICIT: `universal` is the tag that it stands for. */
export function implicit<T>(number: number, universal: number, read: Reader<T>): Optional<T | undefined> {
  const tag = (universal & 0x20) === 0 ? contextTag(number) : constructedTag(number);
  return { tag, read: (node) => read(node.as(tag, universal)), absent: undefined };
}

/** BOOLEAN DEFAULT FALSE. X.690 §11.5: false is left out. */
export function flag(number?: number): Optional<boolean> {
  const tag = number === undefined ? tags.boolean : contextTag(number);
  const read = (node: DERNode): boolean => {
    if (!node.as(tag, tags.boolean).boolean()) throw malformed("no encoding of a default value", "one");
    return true;
  };
  return { tag, read, absent: false };
}

/** A tagged field that must be there. */
export function required<T>(field: Optional<T | undefined>): Reader<T> {
  return field.read as Reader<T>;
}

/** CHOICE between tagged alternatives: the result has the one that is there. */
export function choice<S extends Readonly<Record<string, Optional<unknown>>>>(
  what: string,
  alternatives: S,
): Reader<Partial<Structure<S>>> {
  return (node) => {
    const found = Object.entries(alternatives).find(([, { tag }]) => tag === node.tag);
    if (found === undefined) throw malformed(what, tagName(node.tag));
    const [name, { read }] = found;
    return { [name]: read(node) } as Partial<Structure<S>>;
  };
}

/** OCTET STRING that holds another value. */
export function wrapped<T>(read: Reader<T>, bytesMax?: number): Reader<T> {
  return (node) => read(parseDER(node.octets(), bytesMax));
}

/** A value that is refused unless `holds`: what a module says in words. */
export function where<T>(read: Reader<T>, holds: (value: T) => boolean, expected: string): Reader<T> {
  return (node) => {
    const value = read(node);
    if (!holds(value)) throw malformed(expected, "another");
    return value;
  };
}
