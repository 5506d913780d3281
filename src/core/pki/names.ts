/** X.501 names. They are compared by their bytes and shown as text; nothing is ever decided by the text. */
import { equalBytes, hexText } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { type DERNode, tags } from "../encoding/der.js";

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

const shortNames: Readonly<Record<string, string>> = {
  ...{ "2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST" },
  ...{ "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.97": "organizationIdentifier" },
};
const shownTags: readonly number[] = [tags.utf8String, tags.printableString, tags.ia5String];

/** RFC 5280 §4.1.2.4: a sequence of non-empty sets of type and value. */
const readAttribute = der.sequence("a name attribute", { type: der.objectID, value: der.any });
const readRelativeNames = der.sequenceOf("a name", der.setOf("a relative name", readAttribute, 1));

export function parseName(node: DERNode): Name {
  const attributes = readRelativeNames(node)
    .flat()
    .map(({ type, value }) => {
      const text = shownTags.includes(value.tag) ? value.text() : `#${hexText(value.bytes)}`;
      return { type, tag: value.tag, text };
    });
  return { der: node.bytes, relativeNames: node.content, attributes };
}

/** RFC 5280 §3.2: issuer and subject are the same, whoever signed. */
export const isSelfIssued = ({ issuer, subject }: { issuer: Name; subject: Name }): boolean =>
  equalBytes(issuer.der, subject.der);

/** All values of one attribute type. */
export function nameValues(name: Name, type: string): readonly NameAttribute[] {
  return name.attributes.filter((attribute) => attribute.type === type);
}

/** For people, in the order of the certificate: `C=CH, O=Example AG`. Separators and controls in values are escaped. */
export function nameText({ attributes }: Name): string {
  const hex4 = (text: string): string => text.charCodeAt(0).toString(16).padStart(4, "0");
  const escaped = (text: string): string =>
    text.replace(/[\\,+="<>;]/g, "\\$&").replace(/\p{Cc}/gu, (control) => `\\u${hex4(control)}`);
  return attributes.map(({ type, text }) => `${shortNames[type] ?? type}=${escaped(text)}`).join(", ");
}
