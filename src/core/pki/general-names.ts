/** GeneralName (RFC 5280 §4.2.1.6), in a form that can be compared; a name that is no name of its form is refused. */
import * as der from "../encoding/der-schema.js";
import { constructedTag, contextTag, type DERNode } from "../encoding/der.js";
import { ensure } from "./failure.js";
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
  const isConstructed = number === 0 || (number >= 3 && number <= 5);
  const isForm = form !== undefined && node.tag === (isConstructed ? constructedTag : contextTag)(number);
  ensure(isForm, "DER_MALFORMED", "a general name", "tag", node.tag);
  const text = form === "email" || form === "dns" || form === "uri" ? node.ia5() : "";
  const name = form === "directory" ? parseName(node.only("a directory name")) : undefined;
  return { form, bytes: node.bytes, octets: node.content, text, name };
}

export const parseGeneralNames = der.sequenceOf("general names", parseGeneralName, 1);

/** The directory names among general names. */
export const directoryNames = (names: readonly GeneralName[]): Name[] =>
  names.flatMap(({ name }) => name ?? []);

/** RFC 1034 §3.5: letters, digits and hyphens; RFC 1123 §2.1: the last label is not a number. */
export function isDNSName(text: string): boolean {
  const labels = text.split(".");
  const isPlain = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
  return isPlain && text.length <= 253 && !/^\d+$/.test(labels.at(-1) as string);
}

/** RFC 5321 §4.1.2, Dot-string only, at a host. */
export function isMailbox(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const isLocal = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local);
  return isLocal && at <= 64 && isDNSName(text.slice(at + 1));
}

const soundForms: Partial<Record<GeneralName["form"], (name: GeneralName) => boolean>> = {
  dns: ({ text }) => isDNSName(text.startsWith("*.") ? text.slice(2) : text),
  email: ({ text }) => isMailbox(text),
  uri: ({ text }) => /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/i.test(text),
  ip: ({ octets }) => octets.length === 4 || octets.length === 16,
};

/** subjectAltName: names that look like what they say. @throws VerificationError DER_MALFORMED */
export const parseAlternativeNames = der.where(
  parseGeneralNames,
  (names) => names.every((name) => soundForms[name.form]?.(name) ?? true),
  "alternative names of their forms",
);
