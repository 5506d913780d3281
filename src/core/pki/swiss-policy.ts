/**
 * Who the signer must be: an organisation in Switzerland, and the one that the customer's policy names. The certificate is
 * sound when this is asked; the answer says whose it is. No legal effect is claimed.
 */
import { tags } from "../encoding/der.js";
import { quote } from "../errors.js";
import type { Certificate } from "./certificate.js";
import { ensure } from "./failure.js";
import type { NamedCheck, SignaturePolicy } from "./model.js";
import { type Name, type NameAttribute, nameValues } from "./names.js";
import { oids } from "./oids.js";

/** @throws PolicyError SWISS_POLICY */
export function verifySwissPolicy({ subject, issuer }: Certificate, policy: SignaturePolicy): NamedCheck[] {
  const { country, organization, organizationIdentifier: identifier } = policy;
  // SPEC §6.7.1, RFC 5280 §A.1: countryName is a PrintableString of two characters; a second one would make the first a lie.
  const inCountry = (name: string, whose: Name): NamedCheck => {
    const check = requireOne(name, whose, oids.countryName, country, [tags.printableString]);
    return { ...check, evidence: `C=${country}` };
  };
  const checks = [inCountry("country", subject)];
  if (policy.profile === "regulated-seal") {
    // ZertES Art. 7: the holder's number in the UID register, and the issuer's country of establishment.
    ensure(identifier, "SWISS_POLICY", "an organization identifier in the policy for a seal", "none");
    checks.push(inCountry("issuer's country", issuer));
  }
  // SPEC §6.7.2
  const text = [tags.utf8String, tags.printableString];
  if (organization !== undefined) {
    checks.push(requireOne("organization", subject, oids.organizationName, organization, text));
  }
  if (identifier !== undefined) {
    const isSwiss = isSwissOrganizationIdentifier(identifier);
    ensure(isSwiss, "SWISS_POLICY", "NTRCH-CHE- and a valid UID", quote(identifier));
    const type = oids.organizationIdentifier;
    checks.push(requireOne("organization identifier", subject, type, identifier, text));
  }
  return checks;
}

/** Exactly one attribute of the type, of one of these string types, with this text. */
function requireOne(
  name: string,
  whose: Name,
  type: string,
  evidence: string,
  stringTypes: number[],
): NamedCheck {
  const values = nameValues(whose, type);
  const isRight = ({ tag, text }: NameAttribute): boolean => stringTypes.includes(tag) && text === evidence;
  const got = values.map(({ tag, text }) => `${quote(text)} (tag ${tag})`);
  ensure(values.length === 1 && values.every(isRight), "SWISS_POLICY", `one ${name} ${quote(evidence)}`, got);
  return { name, clause: "SPEC §6.7", evidence };
}

/** SPEC §6.7.3: `NTRCH-CHE-` and a UID with dots, whose last digit checks the other eight (Swiss UID register). */
export function isSwissOrganizationIdentifier(text: string): boolean {
  if (!/^NTRCH-CHE-\d{3}\.\d{3}\.\d{3}$/.test(text)) return false;
  const digits = [...text.slice(10).replaceAll(".", "")].map(Number);
  const weights = [5, 4, 3, 2, 7, 6, 5, 4];
  const sum = weights.reduce((total, weight, i) => total + weight * (digits[i] as number), 0);
  return (11 - (sum % 11)) % 11 === digits[8];
}
