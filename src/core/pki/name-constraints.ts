/**
 * Name constraints (RFC 5280 §4.2.1.10, §6.1.4 b, c, g): below a CA that has them, every name of every certificate is
 * inside what is permitted and outside what is excluded. A form that we cannot compare is refused where it meets a constraint.
 */
import { equalBytes } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { tags } from "../encoding/der.js";
import { quote } from "../errors.js";
import { limits } from "../limits.js";
import type { Certificate } from "./certificate.js";
import { ensure } from "./failure.js";
import { type GeneralName, isDNSName, isMailbox, parseGeneralName } from "./general-names.js";
import { isSelfIssued, type Name, type NameAttribute, nameValues } from "./names.js";

export interface NameConstraints {
  readonly permitted?: readonly GeneralName[] | undefined;
  readonly excluded?: readonly GeneralName[] | undefined;
}

const emailAddress = "1.2.840.113549.1.9.1";

const readConstraint = der.where(parseGeneralName, isConstraint, "a constraint of its form");
/** RFC 5280 §4.2.1.10: minimum is zero, which DER leaves out, and maximum is absent. */
const readSubtree = der.sequence("a subtree of names", { base: readConstraint });
const readSubtrees = der.sequenceOf("subtrees of names", (node) => readSubtree(node).base, 1);

/** @throws VerificationError DER_MALFORMED */
export const parseNameConstraints: der.Reader<NameConstraints> = der.where(
  der.sequence("name constraints", {
    permitted: der.implicit(0, tags.sequence, readSubtrees),
    excluded: der.implicit(1, tags.sequence, readSubtrees),
  }),
  ({ permitted, excluded }) => (permitted ?? excluded) !== undefined,
  "a constraint on names",
);

function isConstraint({ form, text, octets }: GeneralName): boolean {
  if (form === "ip") return isAddressAndMask(octets);
  if (form === "email" && text.includes("@")) return isMailbox(text);
  // An empty name stands for all names.
  return text === "" || isDNSName(text.startsWith(".") && form !== "dns" ? text.slice(1) : text);
}

/** RFC 4632 §3.1: address and mask of one length, the mask ones first. */
function isAddressAndMask(octets: Uint8Array): boolean {
  if (octets.length !== 8 && octets.length !== 32) return false;
  const mask = [...octets.subarray(octets.length / 2)];
  return /^1*0*$/.test(mask.map((octet) => octet.toString(2).padStart(8, "0")).join(""));
}

/** SPEC §6.5.8. `path` is leaf first, anchor last; an anchor's own constraints hold too. @throws VerificationError CERTIFICATE_NAMES */
export function requireNames(path: readonly Certificate[]): void {
  const most = limits.nameComparisonsMax;
  let comparisons = 0;
  for (const [position, { extensions }] of path.entries()) {
    if (extensions.nameConstraints === undefined) continue;
    ensure(position > 0, "CERTIFICATE_NAMES", "name constraints in CA certificates only", "some in a leaf");
    const { permitted = [], excluded = [] } = extensions.nameConstraints;
    for (const [below, certificate] of path.slice(0, position).entries()) {
      // RFC 5280 §6.1.3 b: a CA may issue to itself whatever it is called, unless that is the leaf.
      if (below > 0 && isSelfIssued(certificate)) continue;
      const names = namesOf(certificate);
      comparisons += names.length * (permitted.length + excluded.length);
      ensure(comparisons <= most, "LIMIT_EXCEEDED", `at most ${most} comparisons of names`, "more");
      for (const name of names) requireName(name, permitted, excluded);
    }
  }
}

/** Subject, alternative names, and addresses that old certificates keep in the subject. */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const { der: bytes, relativeNames: octets } = subject;
  const addresses = nameValues(subject, emailAddress);
  return [
    { form: "directory", bytes, octets, text: "", name: subject },
    ...addresses.map(({ text }) => ({ form: "email" as const, bytes, octets, text, name: undefined })),
    ...(extensions.subjectAltName ?? []),
  ];
}

function requireName(
  name: GeneralName,
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
): void {
  const isSameForm = (constraint: GeneralName): boolean => constraint.form === name.form;
  const allowed = permitted.filter(isSameForm);
  const isInside = allowed.length === 0 || allowed.some((constraint) => isWithin(name, constraint, false));
  const isOutside = !excluded.some(
    (constraint) => isSameForm(constraint) && isWithin(name, constraint, true),
  );
  const expected = "names within the constraints of the path";
  ensure(isInside && isOutside, "CERTIFICATE_NAMES", expected, name.form, quote(name.text));
}

type Match = (name: GeneralName, base: GeneralName, unclear: boolean) => boolean;

/** `unclear` is the answer where the name cannot be compared: whatever refuses it. */
const isWithin: Match = (name, base, unclear) => matches[name.form]?.(name, base, unclear) ?? unclear;

const matches: Partial<Record<GeneralName["form"], Match>> = {
  directory: ({ name }, base, unclear) => (name && base.name ? isBelow(name, base.name, unclear) : unclear),
  dns: ({ text }, base, unclear) => isWithinDomain(text.toLowerCase(), base.text.toLowerCase(), unclear),
  email: ({ text }, base, unclear) => {
    const [local, host] = mailbox(text);
    const [baseLocal, baseHost] = mailbox(base.text);
    if (local === undefined) return unclear;
    // RFC 5321 §2.4: what stands before the sign is the receiving host's own matter, capitals too.
    return baseLocal === undefined ? isHost(host, baseHost) : local === baseLocal && host === baseHost;
  },
  uri: ({ text }, base, unclear) => {
    // RFC 3986 §3.2: userinfo has no backslash, which some readers take for a slash.
    const authority = /^[a-z0-9+.-]+:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([a-z0-9.-]+)(?::\d*)?(?:[/?#]|$)/i;
    const host = authority.exec(text)?.[1]?.toLowerCase();
    return host !== undefined && isDNSName(host) ? isHost(host, base.text.toLowerCase()) : unclear;
  },
  ip: ({ octets }, base) => isWithinNetwork(octets, base.octets),
};

/** A wildcard is within a domain if all that it stands for is; for an exclusion, if any of it is. */
function isWithinDomain(text: string, base: string, any: boolean): boolean {
  const below = (name: string, domain: string): boolean =>
    domain === "" || name === domain || name.endsWith(`.${domain}`);
  if (!text.startsWith("*.")) return below(text, base);
  const parent = text.slice(2);
  return below(parent, base) || (any && below(base, parent));
}

/** What stands before the last sign, if there is one, and the host. */
function mailbox(text: string): [local: string | undefined, host: string] {
  const at = text.lastIndexOf("@");
  return [at < 0 ? undefined : text.slice(0, at), text.slice(at + 1).toLowerCase()];
}

/** RFC 5280 §4.2.1.10, email and URI: a host is itself alone, `.domain` is everything below. */
const isHost = (host: string, base: string): boolean =>
  base === "" || (base.startsWith(".") ? host.endsWith(base) : host === base);

function isWithinNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const { length } = address;
  const isSame = (octet: number, i: number): boolean =>
    ((octet ^ (network[i] as number)) & (network[length + i] as number)) === 0;
  return network.length === 2 * length && address.every(isSame);
}

/**
 * RFC 5280 §7.1, narrower: relative names are compared byte for byte, from the first one on. For an exclusion wider: another
 * spelling of an excluded name is excluded too.
 */
function isBelow(name: Name, { relativeNames: prefix, attributes }: Name, anySpelling: boolean): boolean {
  const spelled = (text = ""): string => text.normalize("NFKC").toLowerCase().replace(/\s/g, "");
  const isAlike = ({ type, text }: NameAttribute, i: number): boolean =>
    type === name.attributes[i]?.type && spelled(text) === spelled(name.attributes[i]?.text);
  const isPrefix = equalBytes(name.relativeNames.subarray(0, prefix.length), prefix);
  return isPrefix || (anySpelling && attributes.every(isAlike));
}
