/**
 * Who the signer must be: an organisation in Switzerland, and the one that the customer's policy names. The certificate is
 * sound when this is asked; the answer says whose it is. No legal effect is claimed.
 */
import { tags } from "../encoding/der.js";
import { PolicyError, quote } from "../errors.js";
import type { Certificate } from "./certificate.js";
import type { NamedCheck, SignaturePolicy } from "./model.js";
import { type Name, nameValues } from "./names.js";
import { oids } from "./oids.js";

const clause = "SPEC §6.7";

/** @throws PolicyError SWISS_POLICY */
export function verifySwissPolicy(leaf: Certificate, policy: SignaturePolicy): NamedCheck[] {
  const checks = [{ name: "country", clause, evidence: requireCountry(leaf.subject, policy.country) }];
  if (policy.profile === "regulated-seal") {
    // ZertES Art. 7: the holder's number in the UID register, and the issuer's country of establishment.
    if (policy.organizationIdentifier === undefined) {
      throw new PolicyError("SWISS_POLICY", "expected an organization identifier in the policy for a seal");
    }
    checks.push({ name: "issuer's country", clause, evidence: requireCountry(leaf.issuer, policy.country) });
  }
  if (policy.organization !== undefined) {
    const evidence = requireValue(leaf, oids.organizationName, "organization", policy.organization);
    checks.push({ name: "organization", clause, evidence });
  }
  const identifier = policy.organizationIdentifier;
  if (identifier !== undefined) {
    if (!isSwissOrganizationIdentifier(identifier)) {
      throw new PolicyError("SWISS_POLICY", `expected NTRCH-CHE- and a valid UID, got ${quote(identifier)}`);
    }
    const evidence = requireValue(leaf, oids.organizationIdentifier, "organization identifier", identifier);
    checks.push({ name: "organization identifier", clause, evidence });
  }
  return checks;
}

/** SPEC §6.7.1, RFC 5280 §A.1: countryName is a PrintableString of two characters; a second one would make the first a lie. */
function requireCountry(name: Name, country: string): string {
  const countries = nameValues(name, oids.countryName);
  const [only, ...others] = countries;
  if (only === undefined || others.length > 0 || only.tag !== tags.printableString || only.text !== country) {
    const got = countries.map(({ text }) => quote(text)).join(", ") || "none";
    throw new PolicyError("SWISS_POLICY", `expected one country ${country} as PrintableString, got ${got}`);
  }
  return `C=${country}`;
}

/** SPEC §6.7.2 */
function requireValue(leaf: Certificate, type: string, what: string, expected: string): string {
  const values = nameValues(leaf.subject, type);
  const [only, ...others] = values;
  const isText = only?.tag === tags.utf8String || only?.tag === tags.printableString;
  if (!isText || others.length > 0 || only?.text !== expected) {
    const got = values.map(({ text }) => quote(text)).join(", ") || "none";
    throw new PolicyError("SWISS_POLICY", `expected one ${what} ${quote(expected)}, got ${got}`);
  }
  return expected;
}

/** SPEC §6.7.3: `NTRCH-CHE-` and a UID with dots, whose last digit checks the other eight (Swiss UID register). */
export function isSwissOrganizationIdentifier(text: string): boolean {
  if (!/^NTRCH-CHE-\d{3}\.\d{3}\.\d{3}$/.test(text)) return false;
  const digits = [...text.slice(10).replaceAll(".", "")].map(Number);
  const sum = [5, 4, 3, 2, 7, 6, 5, 4].reduce(
    (total, weight, i) => total + weight * (digits[i] as number),
    0,
  );
  return (11 - (sum % 11)) % 11 === digits[8];
}
