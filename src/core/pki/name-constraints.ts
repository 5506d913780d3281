/**
 * Name constraints (RFC 5280 §4.2.1.10, §6.1.4 b, c, g): below a CA that has them, every name of every certificate is
 * inside what is permitted and outside what is excluded. A form that we cannot compare is refused where it meets a constraint.
 */
import { equalBytes } from "../encoding/bytes.js";
import { constructedTag, type DERNode } from "../encoding/der.js";
import { quote } from "../errors.js";
import { limits } from "../limits.js";
import type { Certificate } from "./certificate.js";
import { refusal } from "./failure.js";
import { type GeneralName, isDNSName, isMailboxName, parseGeneralName } from "./general-names.js";
import { isSelfIssued, type Name, type NameAttribute, nameValues } from "./names.js";
import { oids } from "./oids.js";

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** @throws VerificationError DER_MALFORMED */
export function parseNameConstraints(node: DERNode): NameConstraints {
  const fields = node.fields("name constraints");
  const permitted = parseSubtrees(fields.optional(constructedTag(0)));
  const excluded = parseSubtrees(fields.optional(constructedTag(1)));
  fields.end();
  if (permitted.length + excluded.length === 0) {
    throw refusal("DER_MALFORMED", "expected a constraint on names, got none");
  }
  return { permitted, excluded };
}

function parseSubtrees(node: DERNode | undefined): readonly GeneralName[] {
  if (node?.children.length === 0) throw refusal("DER_MALFORMED", "expected a subtree of names, got none");
  return (node?.children ?? []).map((subtree) => {
    const fields = subtree.fields("a subtree of names");
    const base = parseGeneralName(fields.next());
    // RFC 5280 §4.2.1.10: minimum is zero, which DER leaves out, and maximum is absent.
    fields.end();
    requireConstraint(base);
    return base;
  });
}

function requireConstraint({ form, text, octets }: GeneralName): void {
  const domain = text.startsWith(".") && form !== "dns" ? text.slice(1) : text;
  const at = text.lastIndexOf("@");
  const mailbox = form === "email" && at >= 0;
  const sound =
    form === "ip"
      ? isAddressAndMask(octets)
      : mailbox
        ? isMailboxName(text.slice(0, at)) && isDNSName(text.slice(at + 1))
        : // An empty name stands for all names.
          text === "" || isDNSName(domain);
  if (!sound) throw refusal("DER_MALFORMED", `expected a constraint of the form ${form}, got ${quote(text)}`);
}

/** RFC 4632 §3.1: address and mask of one length, the mask ones first. */
function isAddressAndMask(octets: Uint8Array): boolean {
  if (octets.length !== 8 && octets.length !== 32) return false;
  const mask = [...octets.subarray(octets.length / 2)];
  return /^1*0*$/.test(mask.map((octet) => octet.toString(2).padStart(8, "0")).join(""));
}

/** SPEC §6.5.8. `path` is leaf first, anchor last; an anchor's own constraints hold too. @throws VerificationError CERTIFICATE_NAMES */
export function requireNames(path: readonly Certificate[]): void {
  let comparisonsLeft: number = limits.nameComparisonsMax;
  path.forEach((authority, position) => {
    const constraints = authority.extensions.nameConstraints;
    if (constraints === undefined) return;
    if (position === 0)
      throw refusal("CERTIFICATE_NAMES", "expected name constraints in CA certificates only");
    path.slice(0, position).forEach((certificate, below) => {
      // RFC 5280 §6.1.3 b: a CA may issue to itself whatever it is called, unless that is the leaf.
      if (below > 0 && isSelfIssued(certificate)) return;
      const names = namesOf(certificate);
      comparisonsLeft -= names.length * (constraints.permitted.length + constraints.excluded.length);
      if (comparisonsLeft < 0) {
        throw refusal("LIMIT_EXCEEDED", `expected at most ${limits.nameComparisonsMax} comparisons of names`);
      }
      for (const name of names) requireName(name, constraints);
    });
  });
}

/** Subject, alternative names, and addresses that old certificates keep in the subject. */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const { der, attributes } = subject;
  const bare = { octets: new Uint8Array(), text: "", name: undefined };
  const addresses = nameValues(subject, oids.emailAddress).map(({ text }) => ({ ...bare, text }));
  return [
    ...(attributes.length > 0 ? [{ ...bare, form: "directory" as const, bytes: der, name: subject }] : []),
    ...addresses.map((address) => ({ ...address, form: "email" as const, bytes: der })),
    ...(extensions.subjectAltName ?? []),
  ];
}

function requireName(name: GeneralName, { permitted, excluded }: NameConstraints): void {
  const sameForm = (constraint: GeneralName): boolean => constraint.form === name.form;
  const allowed = permitted.filter(sameForm);
  const forbidden = excluded.filter(sameForm);
  const inside = allowed.length === 0 || allowed.some((constraint) => isWithin(name, constraint, false));
  if (inside && !forbidden.some((constraint) => isWithin(name, constraint, true))) return;
  const got = name.text === "" ? name.form : `${name.form} ${quote(name.text)}`;
  throw refusal("CERTIFICATE_NAMES", `expected names within the constraints of the path, got ${got}`);
}

/** `unclear` is the answer where the name cannot be compared: whatever refuses it. */
function isWithin(name: GeneralName, constraint: GeneralName, unclear: boolean): boolean {
  const base = constraint.text.toLowerCase();
  const text = name.text.toLowerCase();
  switch (name.form) {
    case "directory":
      return isBelow(name.name, constraint.name, unclear);
    case "dns":
      return isWithinDomain(text, base, unclear);
    case "email": {
      const at = name.text.lastIndexOf("@");
      if (at < 0) return unclear;
      // RFC 5321 §2.4: what stands before the sign is the receiving host's own matter, capitals too.
      if (constraint.text.includes("@")) {
        return (
          name.text.slice(0, at) === constraint.text.slice(0, constraint.text.lastIndexOf("@")) &&
          text.slice(at) === base.slice(base.lastIndexOf("@"))
        );
      }
      return isHost(text.slice(at + 1), base);
    }
    case "uri": {
      // RFC 3986 §3.2: userinfo has no backslash, which some readers take for a slash.
      const host = /^[a-z0-9+.-]+:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([a-z0-9.-]+)(?::\d*)?(?:[/?#]|$)/.exec(
        text,
      )?.[1];
      return host === undefined || !isDNSName(host) ? unclear : isHost(host, base);
    }
    case "ip":
      return isWithinNetwork(name.octets, constraint.octets);
    default:
      return unclear;
  }
}

/** A wildcard is within a domain if all that it stands for is; for an exclusion, if any of it is. */
function isWithinDomain(text: string, base: string, any: boolean): boolean {
  const below = (name: string, domain: string): boolean =>
    domain === "" || name === domain || name.endsWith(`.${domain}`);
  if (!text.startsWith("*.")) return below(text, base);
  const parent = text.slice(2);
  return below(parent, base) || (any && below(base, parent));
}

/** RFC 5280 §4.2.1.10, email and URI: a host is itself alone, `.domain` is everything below. */
const isHost = (host: string, base: string): boolean =>
  base === "" || (base.startsWith(".") ? host.endsWith(base) : host === base);

function isWithinNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const { length } = address;
  const masked = (octet: number, i: number): boolean =>
    ((octet ^ (network[i] as number)) & (network[length + i] as number)) === 0;
  return network.length === 2 * length && address.every(masked);
}

/**
 * RFC 5280 §7.1, narrower: relative names are compared byte for byte, from the first one on. For an exclusion wider: another
 * spelling of an excluded name is excluded too.
 */
function isBelow(name: Name | undefined, base: Name | undefined, anySpelling: boolean): boolean {
  if (name === undefined || base === undefined) return anySpelling;
  const { relativeNames: prefix, attributes } = base;
  const spelled = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s/g, "");
  const alike = (one: NameAttribute, i: number): boolean =>
    one.type === name.attributes[i]?.type && spelled(one.text) === spelled(name.attributes[i].text);
  return (
    equalBytes(name.relativeNames.subarray(0, prefix.length), prefix) ||
    (anySpelling && attributes.every(alike))
  );
}
