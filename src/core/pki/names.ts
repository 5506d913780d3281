/** X.501 names. They are compared by their bytes and shown as text; nothing is ever decided by the text. */
import { equalBytes, hexText } from "../encoding/bytes.js";
import { type DERNode, tags } from "../encoding/der.js";
import { VerificationError } from "../errors.js";

export interface NameAttribute {
  readonly type: string;
  /** The tag of the value: RFC 5280 asks for PrintableString in places. */
  readonly tag: number;
  readonly text: string;
}

export interface Name {
  readonly der: Uint8Array;
  /** The relative names one after the other, without the outer tag. */
  readonly relativeNames: Uint8Array;
  readonly attributes: readonly NameAttribute[];
}

const shortNames = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["2.5.4.97", "organizationIdentifier"],
]);

/** RFC 5280 §4.1.2.4: a sequence of non-empty sets of type and value. */
export function parseName(node: DERNode): Name {
  const attributes = node.sequenceOf("a name").flatMap((rdn) => {
    const set = rdn.setOf("a relative name");
    if (set.length === 0)
      throw new VerificationError("DER_MALFORMED", "expected an attribute, got an empty set");
    return set.map(parseAttribute);
  });
  return { der: node.bytes, relativeNames: node.content, attributes };
}

function parseAttribute(node: DERNode): NameAttribute {
  const fields = node.fields("a name attribute");
  const type = fields.next().oid();
  const value = fields.next();
  fields.end();
  const shown: number[] = [tags.utf8String, tags.printableString, tags.ia5String];
  return {
    type,
    tag: value.tag,
    text: shown.includes(value.tag) ? value.text() : `#${hexText(value.bytes)}`,
  };
}

/** RFC 5280 §3.2: issuer and subject are the same, whoever signed. */
export const isSelfIssued = ({ issuer, subject }: { issuer: Name; subject: Name }): boolean =>
  equalBytes(issuer.der, subject.der);

/** All values of one attribute type. */
export function nameValues(name: Name, type: string): readonly NameAttribute[] {
  return name.attributes.filter((attribute) => attribute.type === type);
}

/** For people, in the order of the certificate: `C=CH, O=Example AG`. Separators and controls in values are escaped. */
export function nameText(name: Name): string {
  const escaped = (text: string): string =>
    text.replace(/[\\,+="<>;]/g, "\\$&").replace(/\p{Cc}/gu, (c) => `\\u${hex4(c.charCodeAt(0))}`);
  return name.attributes
    .map(({ type, text }) => `${shortNames.get(type) ?? type}=${escaped(text)}`)
    .join(", ");
}

const hex4 = (code: number): string => code.toString(16).padStart(4, "0");
