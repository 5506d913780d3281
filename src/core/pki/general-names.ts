/**
 * GeneralName (RFC 5280 §4.2.1.6) and what is built from it: alternative names, constrained subtrees, distribution points.
 * Names are read into a form that can be compared; a name that is no name of its form is refused.
 */
import { constructedTag, contextTag, type DERNode, tags } from "../encoding/der.js";
import { refusal } from "./failure.js";
import { type Name, parseName } from "./names.js";

const forms = ["other", "email", "dns", "x400", "directory", "edi", "uri", "ip", "id"] as const;

export interface GeneralName {
  /** `other`, `x400`, `edi` and `id` (registeredID) are known by their form alone. */
  readonly form: (typeof forms)[number];
  readonly bytes: Uint8Array;
  /** The content octets: of `ip`, the address. */
  readonly octets: Uint8Array;
  /** Of `email`, `dns` and `uri`, as written. */
  readonly text: string;
  /** Of `directory`. */
  readonly name: Name | undefined;
}

/** @throws VerificationError DER_MALFORMED */
export function parseGeneralName(node: DERNode): GeneralName {
  const number = node.tag & 0x1f;
  const form = forms[number];
  const constructed = number === 0 || (number >= 3 && number <= 5);
  if (form === undefined || node.tag !== (constructed ? constructedTag(number) : contextTag(number))) {
    throw refusal("DER_MALFORMED", `expected a general name, got tag ${node.tag}`);
  }
  const isText = form === "email" || form === "dns" || form === "uri";
  const text = isText ? node.ia5() : "";
  const name = form === "directory" ? parseName(node.only("a directory name")) : undefined;
  return { form, bytes: node.bytes, octets: node.content, text, name };
}

export function parseGeneralNames(node: DERNode, tag: number = tags.sequence): readonly GeneralName[] {
  const names = node.sequenceOf("general names", tag).map(parseGeneralName);
  if (names.length === 0) throw refusal("DER_MALFORMED", "expected at least one general name, got none");
  return names;
}

/** RFC 5280 §4.2.1.13. */
export interface DistributionPoint {
  readonly fullName: readonly GeneralName[];
  /** A RelativeDistinguishedName below the issuer of the list, with its tag [1]. */
  readonly relativeName: DERNode | undefined;
  /** Positions in ReasonFlags; undefined for all reasons. */
  readonly reasons: ReadonlySet<number> | undefined;
  /** Who signs the list, when it is not the issuer of the certificate. */
  readonly crlIssuer: readonly GeneralName[];
}

export function parseDistributionPoints(node: DERNode): readonly DistributionPoint[] {
  const points = node.sequenceOf("distribution points").map(parseDistributionPoint);
  if (points.length === 0)
    throw refusal("DER_MALFORMED", "expected at least one distribution point, got none");
  return points;
}

function parseDistributionPoint(node: DERNode): DistributionPoint {
  const fields = node.fields("a distribution point");
  const name = parsePointName(fields.optional(constructedTag(0)));
  const reasons = fields.optional(contextTag(1))?.namedBits(contextTag(1));
  const issuer = fields.optional(constructedTag(2));
  fields.end();
  // RFC 5280 §4.2.1.13: reasons alone point nowhere.
  if (issuer === undefined && name.fullName.length === 0 && name.relativeName === undefined) {
    throw refusal("DER_MALFORMED", "expected a name or an issuer in a distribution point, got neither");
  }
  return { ...name, reasons, crlIssuer: issuer === undefined ? [] : parseGeneralNames(issuer, issuer.tag) };
}

/** DistributionPointName inside its EXPLICIT tag; issuingDistributionPoint of a list has the same. */
export function parsePointName(
  node: DERNode | undefined,
): Pick<DistributionPoint, "fullName" | "relativeName"> {
  const choice = node?.only("a distribution point name");
  if (choice === undefined) return { fullName: [], relativeName: undefined };
  if (choice.tag !== constructedTag(1)) {
    return { fullName: parseGeneralNames(choice, constructedTag(0)), relativeName: undefined };
  }
  choice.setOf("a relative name", constructedTag(1));
  return { fullName: [], relativeName: choice };
}

/** RFC 1034 §3.5: letters, digits and hyphens; RFC 1123 §2.1: the last label is not a number. */
export function isDNSName(text: string): boolean {
  const labels = text.split(".");
  const plain = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
  return plain && text.length <= 253 && !/^\d+$/.test(labels[labels.length - 1] as string);
}

/** subjectAltName: names that look like what they say. @throws VerificationError DER_MALFORMED */
export function parseAlternativeNames(node: DERNode): readonly GeneralName[] {
  const names = parseGeneralNames(node);
  for (const { form, text, octets } of names) {
    const at = text.lastIndexOf("@");
    const sound: Record<string, () => boolean> = {
      dns: () => isDNSName(text.startsWith("*.") ? text.slice(2) : text),
      email: () => isMailboxName(text.slice(0, at)) && isDNSName(text.slice(at + 1)),
      uri: () => /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/i.test(text),
      ip: () => octets.length === 4 || octets.length === 16,
    };
    if (sound[form]?.() === false) {
      throw refusal("DER_MALFORMED", `expected an alternative name of the form ${form}, got another text`);
    }
  }
  return names;
}

/** RFC 5321 §4.1.2, Dot-string only. */
export const isMailboxName = (text: string): boolean =>
  text.length <= 64 && /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(text);
