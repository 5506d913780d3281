/** X.501 names with one attribute in each relative name, and the Swiss identifier of an organisation. */
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { UsageError, quote } from "../core/errors.js";
import { objectID, sequence, setOf, utf8String, type Value } from "./asn1.js";

export interface Subject {
  readonly country: string;
  readonly organization: string;
  /** `NTRCH-CHE-123.456.789` */
  readonly organizationIdentifier?: string;
  readonly locality?: string;
  readonly commonName: string;
}

/** The library would put all attributes into one set; a name is a sequence of sets. */
export function distinguishedName(subject: Subject): pkijs.RelativeDistinguishedNames {
  const attributes: (readonly [string, Value])[] = [
    // RFC 5280 §A.1: countryName is a PrintableString.
    ["2.5.4.6", new asn1js.PrintableString({ value: subject.country })],
    ...(subject.locality === undefined ? [] : [["2.5.4.7", utf8String(subject.locality)] as const]),
    ["2.5.4.10", utf8String(subject.organization)],
    ...(subject.organizationIdentifier === undefined
      ? []
      : [["2.5.4.97", utf8String(subject.organizationIdentifier)] as const]),
    ["2.5.4.3", utf8String(subject.commonName)],
  ];
  const name = sequence(...attributes.map(([type, value]) => setOf(sequence(objectID(type), value))));
  return pkijs.RelativeDistinguishedNames.fromBER(name.toBER(false));
}

/** `NTRCH-CHE-…` from the first eight digits of a UID. @throws UsageError USAGE when they have no check digit */
export function organizationIdentifier(eightDigits: string): string {
  if (!/^\d{8}$/.test(eightDigits)) {
    throw new UsageError("USAGE", `expected eight digits of a UID, got ${quote(eightDigits)}`);
  }
  const weights = [5, 4, 3, 2, 7, 6, 5, 4];
  const rest = weights.reduce((sum, weight, i) => sum + weight * Number(eightDigits[i]), 0) % 11;
  const check = rest === 0 ? 0 : 11 - rest;
  if (check === 10) throw new UsageError("USAGE", `expected a possible UID, got ${quote(eightDigits)}`);
  const nine = `${eightDigits}${check}`;
  return `NTRCH-CHE-${nine.slice(0, 3)}.${nine.slice(3, 6)}.${nine.slice(6)}`;
}

/** Whether a Swiss identifier has its form and the check digit that its UID asks for. */
export function isOrganizationIdentifier(text: string): boolean {
  const digits = /^NTRCH-CHE-(\d{3})\.(\d{3})\.(\d{2})\d$/.exec(text)?.slice(1).join("");
  try {
    return digits !== undefined && organizationIdentifier(digits) === text;
  } catch (cause) {
    if (cause instanceof UsageError) return false;
    throw cause;
  }
}
