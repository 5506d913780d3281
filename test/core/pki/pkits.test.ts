/**
 * NIST PKITS, all end entities: path and revocation together. All certificates and lists of the suite lie in one heap, and the right ones
 * must be found. Section 4.8 to 4.12 ask about policies with several settings. Read in place; said plainly when absent.
 */
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { type Certificate, parseCertificate } from "../../../src/core/pki/certificate.js";
import { parseCRL, type RevocationList } from "../../../src/core/pki/crl.js";
import { verifyPath } from "../../../src/core/pki/path.js";
import type { PolicyRules } from "../../../src/core/pki/policies.js";
import { verifyNotRevoked } from "../../../src/core/pki/revocation.js";
import { pkitsFile, pkitsFiles } from "./field-suites.js";

/** What we refuse against the suite's word, and why. */
const refused: Record<string, string> = {
  ValidDSASignaturesTest4EE: "DSA",
  ValidDSAParameterInheritanceTest5EE: "DSA",
  ValidNameChainingWhitespaceTest3EE:
    "names are chained byte for byte: SPEC §6.5.6, docs/adr/0005-names-byte-for-byte.md; code-signing requirements §7.1.4.1",
  ValidNameChainingWhitespaceTest4EE: "names are chained byte for byte",
  ValidNameChainingCapitalizationTest5EE: "names are chained byte for byte",
  ValidRolloverfromPrintableStringtoUTF8StringTest10EE: "names are chained byte for byte",
  ValidUTF8StringCaseInsensitiveMatchTest11EE: "names are chained byte for byte",
  ValidNameUIDsTest6EE:
    "SPEC §6.5.1, RFC 5280 §4.1.2.8: no unique identifiers; with them one name may stand for two holders, which chaining cannot tell apart",
  ValidDNnameConstraintsTest14EE:
    "a certificate names its subject: SPEC §6.5.1; a signer without a name is nobody",
  ValidGeneralizedTimenotBeforeDateTest4EE:
    "RFC 5280 §4.1.2.5: a time before 2050 is a UTCTime; one value has one encoding: SPEC §6.5.1",
  ValidcRLIssuerTest30EE: "nobody vouches for himself: the list's signer is vouched for by that very list",
};

const now = new Date("2026-06-01T00:00:00Z");
/** The suite's own: keys of 2048 bits, long paths, lists that live for years, constraints that are not critical. */
const relaxed = { purpose: undefined, at: now, rsaBitsMin: 2048 } as const;
const shape = { lengthMax: 8, criticality: "ignored-unsafe" } as const;
const years = {
  required: true,
  leafDaysMax: 400_000,
  authorityDaysMax: 400_000,
  keyCompromise: "from-its-date",
} as const;

interface Suite {
  readonly anchor: Certificate;
  readonly pool: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly certificates: ReadonlyMap<string, Uint8Array>;
}

function openSuite(): Suite {
  const { certificates, lists } = pkitsFiles();
  const readable = <T>(read: (bytes: Uint8Array) => T, all: Iterable<Uint8Array>): T[] =>
    [...all].flatMap((bytes) => {
      try {
        return [read(bytes)];
      } catch (cause) {
        if (cause instanceof RulemintError) return [];
        throw cause;
      }
    });
  return {
    anchor: parseCertificate(certificates.get("TrustAnchorRootCertificate") as Uint8Array),
    pool: readable(parseCertificate, certificates.values()),
    lists: readable((bytes) => parseCRL(bytes), lists.values()),
    certificates,
  };
}

async function judge(suite: Suite, name: string, policies: PolicyRules = {}): Promise<string> {
  const { anchor, pool, lists } = suite;
  try {
    const leaf = parseCertificate(suite.certificates.get(name) as Uint8Array);
    const path = await verifyPath(leaf, pool, { ...relaxed, ...shape, anchors: [anchor], policies });
    await verifyNotRevoked({
      ...relaxed,
      path,
      now,
      lists,
      responses: [],
      pool,
      as: "signer",
      policy: years,
    });
    return "accepted";
  } catch (cause) {
    if (cause instanceof RulemintError) return cause.code;
    throw cause;
  }
}

const [p1, p2, p3, p6] = [1, 2, 3, 6].map((n) => `2.16.840.1.101.3.2.1.48.${n}`) as [
  string,
  string,
  string,
  string,
];
const one = (...acceptable: string[]): PolicyRules => ({ acceptable, explicit: true });
const some: PolicyRules = { explicit: true };
const yes = "accepted";
const no = "CERTIFICATE_POLICY";

/** Section, end entity, what is asked, and the answer of the suite's document. */
const policySettings: readonly (readonly [string, string, PolicyRules, string])[] = [
  ["4.8.1", "ValidCertificatePathTest1EE", some, yes],
  ["4.8.1", "ValidCertificatePathTest1EE", one(p1), yes],
  ["4.8.1", "ValidCertificatePathTest1EE", one(p2), no],
  ["4.8.1", "ValidCertificatePathTest1EE", one(p1, p2), yes],
  ["4.8.2", "AllCertificatesNoPoliciesTest2EE", {}, yes],
  ["4.8.2", "AllCertificatesNoPoliciesTest2EE", some, no],
  ["4.8.3", "DifferentPoliciesTest3EE", {}, yes],
  ["4.8.3", "DifferentPoliciesTest3EE", some, no],
  ["4.8.3", "DifferentPoliciesTest3EE", one(p1, p2), no],
  ["4.8.4", "DifferentPoliciesTest4EE", {}, no],
  ["4.8.5", "DifferentPoliciesTest5EE", {}, no],
  ["4.8.6", "OverlappingPoliciesTest6EE", {}, yes],
  ["4.8.6", "OverlappingPoliciesTest6EE", one(p1), yes],
  ["4.8.6", "OverlappingPoliciesTest6EE", one(p2), no],
  ["4.8.7", "DifferentPoliciesTest7EE", {}, no],
  ["4.8.8", "DifferentPoliciesTest8EE", {}, no],
  ["4.8.9", "DifferentPoliciesTest9EE", {}, no],
  ["4.8.10", "AllCertificatesSamePoliciesTest10EE", {}, yes],
  ["4.8.10", "AllCertificatesSamePoliciesTest10EE", one(p1), yes],
  ["4.8.10", "AllCertificatesSamePoliciesTest10EE", one(p2), yes],
  ["4.8.11", "AllCertificatesanyPolicyTest11EE", {}, yes],
  ["4.8.11", "AllCertificatesanyPolicyTest11EE", one(p1), yes],
  ["4.8.12", "DifferentPoliciesTest12EE", {}, no],
  ["4.8.13", "AllCertificatesSamePoliciesTest13EE", one(p1), yes],
  ["4.8.13", "AllCertificatesSamePoliciesTest13EE", one(p2), yes],
  ["4.8.13", "AllCertificatesSamePoliciesTest13EE", one(p3), yes],
  ["4.8.14", "AnyPolicyTest14EE", one(p1), yes],
  ["4.8.14", "AnyPolicyTest14EE", one(p2), no],
  ["4.8.15", "UserNoticeQualifierTest15EE", {}, yes],
  ["4.8.16", "UserNoticeQualifierTest16EE", {}, yes],
  ["4.8.17", "UserNoticeQualifierTest17EE", {}, yes],
  ["4.8.18", "UserNoticeQualifierTest18EE", one(p1), yes],
  ["4.8.18", "UserNoticeQualifierTest18EE", one(p2), yes],
  ["4.8.19", "UserNoticeQualifierTest19EE", {}, yes],
  ["4.8.20", "CPSPointerQualifierTest20EE", one(p1), yes],
  ["4.10.1", "ValidPolicyMappingTest1EE", one(p1), yes],
  ["4.10.1", "ValidPolicyMappingTest1EE", one(p2), no],
  ["4.10.1", "ValidPolicyMappingTest1EE", { ...some, inhibitMapping: true }, no],
  ["4.10.3", "ValidPolicyMappingTest3EE", one(p1), no],
  ["4.10.3", "ValidPolicyMappingTest3EE", one(p2), yes],
  ["4.10.5", "ValidPolicyMappingTest5EE", one(p1), yes],
  ["4.10.5", "ValidPolicyMappingTest5EE", one(p6), no],
  ["4.10.6", "ValidPolicyMappingTest6EE", one(p1), yes],
  ["4.10.6", "ValidPolicyMappingTest6EE", one(p6), no],
  ["4.10.12", "ValidPolicyMappingTest12EE", one(p1), yes],
  ["4.10.12", "ValidPolicyMappingTest12EE", one(p2), yes],
  ["4.12.3", "inhibitAnyPolicyTest3EE", {}, yes],
  ["4.12.3", "inhibitAnyPolicyTest3EE", { inhibitAny: true }, no],
];

describe.runIf(pkitsFile !== undefined)("NIST PKITS", () => {
  it("nothing is accepted that should be refused; what is refused against its word is named", async () => {
    const suite = openSuite();
    const names = [...suite.certificates.keys()].filter((name) => /^(Valid|Invalid).*EE$/.test(name));
    const falseAccepts: string[] = [];
    const falseRejects: string[] = [];
    for (const name of names) {
      const accepted = (await judge(suite, name)) === "accepted";
      if (accepted && name.startsWith("Invalid")) falseAccepts.push(name);
      if (!accepted && name.startsWith("Valid")) falseRejects.push(name);
    }
    console.log(
      `PKITS: ${names.length} end entities, ${names.length - falseAccepts.length - falseRejects.length} as expected, ` +
        `${falseAccepts.length} false accepts, ${falseRejects.length} false rejects by policy (2 of them DSA)`,
    );
    expect(falseAccepts).toEqual([]);
    expect(falseRejects.sort()).toEqual(Object.keys(refused).sort());
  });

  it("answers as the suite's document says for every setting of policies", async () => {
    const suite = openSuite();
    const wrong: unknown[] = [];
    for (const [section, name, rules, expected] of policySettings) {
      const got = await judge(suite, name, rules);
      if (got !== expected) wrong.push([section, name, rules, got]);
    }
    console.log(
      `PKITS: ${policySettings.length - wrong.length} of ${policySettings.length} settings of policies as expected`,
    );
    expect(wrong).toEqual([]);
  });
});
