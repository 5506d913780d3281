/**
 * Which vector stands for which clause: for every duty of SPEC §6 that one signature can break, there is a vector that breaks it,
 * and the code that it gets is one that the clause names. `vectors.test.ts` shows that it gets it.
 */
import { describe, expect, it } from "vitest";
import { readClauses } from "../../docs/specification.js";
import { lies } from "../../vectors/pki/make.js";

const clauses = new Map(readClauses().map(({ number, text }) => [number, text]));

const broken: readonly (readonly [clause: string, names: string])[] = [
  ["SPEC §6.1.1", "indefinite-length trailing-garbage leaf-extension-twice time-stamp-garbage"],
  ["SPEC §6.2.1", "embedded-content embedded-other-content content-type-not-data data-version"],
  ["SPEC §6.2.2", "no-signer second-signer signer-version signer-by-key-identifier announced-digest-differs"],
  ["SPEC §6.2.3", "certificate-unused certificates-too-many"],
  ["SPEC §6.2.4", "no-signed-attributes signed-attributes-as-content"],
  ["SPEC §6.2.5", "time-stamp-missing unsigned-attribute-extra time-stamp-two-tokens"],
  ["SPEC §6.3.1", "attributes-unsorted message-digest-twice message-digest-two-values"],
  ["SPEC §6.3.2", "content-type-missing content-type-differs message-digest-missing wrong-content"],
  ["SPEC §6.3.3", "signing-certificate-missing signing-certificate-other"],
  ["SPEC §6.3.4", "algorithm-protection-differs"],
  ["SPEC §6.3.6", "signer-certificate-missing signer-certificate-twice"],
  ["SPEC §6.3.7", "signature-flipped"],
  ["SPEC §6.4.1", "sha1-digest two-hashes"],
  ["SPEC §6.4.2", "algorithm-parameters signature-not-canonical"],
  ["SPEC §6.4.3", "leaf-rsa-1024 leaf-sha1-signature"],
  ["SPEC §6.5.1", "leaf-version-1 leaf-serial-zero leaf-extension-twice"],
  ["SPEC §6.5.2", "leaf-expired leaf-not-yet-valid path-ca-expired"],
  ["SPEC §6.5.3", "leaf-unknown-critical path-ca-unknown-critical names-constraints-not-critical"],
  ["SPEC §6.5.4", "leaf-is-a-ca leaf-without-purpose leaf-for-any-purpose leaf-for-servers leaf-too-long"],
  ["SPEC §6.5.4", "leaf-may-sign-certificates seal-policy-missing seal-too-long seal-other-purpose"],
  [
    "SPEC §6.5.5",
    "path-ca-without-constraints path-length path-ca-without-cert-sign path-ca-for-time-stamps",
  ],
  ["SPEC §6.5.6", "leaf-key-identifier-missing leaf-key-identifier-other path-issuer-name-other-bytes"],
  ["SPEC §6.5.7", "leaf-self-signed path-other-purpose-anchor path-too-deep path-cycle path-ca-missing"],
  ["SPEC §6.5.8", "names-not-permitted names-excluded names-form-unknown names-wildcard-over-excluded"],
  ["SPEC §6.5.9", "policy-missing policy-other policy-any-inhibited policy-mapping-any"],
  [
    "SPEC §6.6.1",
    "time-stamp-detached time-stamp-plain-data time-stamp-unsigned-attribute time-stamp-flipped",
  ],
  ["SPEC §6.6.2", "time-stamp-other-signature time-stamp-sha1-imprint"],
  ["SPEC §6.6.3", "time-stamp-future"],
  ["SPEC §6.6.4", "time-stamp-no-purpose time-stamp-two-purposes time-stamp-purpose-not-critical"],
  ["SPEC §6.6.4", "time-stamp-unit-is-a-ca time-stamp-untrusted-authority time-stamp-by-the-publisher"],
  ["SPEC §6.7.1", "country-missing country-other country-twice country-utf8 seal-issuer-abroad"],
  ["SPEC §6.7.2", "organization-other identifier-other seal-identifier-other"],
  ["SPEC §6.7.3", "policy-check-digit"],
  ["SPEC §6.2.6", "revocation-unused-list"],
  ["SPEC §6.8.1", "revocation-data-embedded revocation-list-unknown-critical revocation-ocsp-critical"],
  ["SPEC §6.8.2", "revocation-missing revocation-leaf-list-missing revocation-scope-some-reasons"],
  ["SPEC §6.8.3", "revocation-list-stale revocation-list-from-the-future revocation-ocsp-stale"],
  ["SPEC §6.8.4", "revocation-leaf-revoked revocation-ca-revoked revocation-authority-revoked"],
  ["SPEC §6.8.5", "revocation-compromised-before revocation-compromised-refuse-all"],
  ["SPEC §6.8.6", "revocation-leaf-revoked-in-a-stale-list revocation-hold-lifted-by-a-stale-delta"],
  ["SPEC §6.8.7", "revocation-same-name-authority revocation-ocsp-delegate-without-nocheck"],
];

describe("every clause about signatures", () => {
  it.each(broken)("%s is broken by %s", (citation, names) => {
    const number = citation.slice("SPEC §".length);
    const section = clauses.get(number.split(".").slice(0, 2).join(".")) ?? "";
    const named = `${clauses.get(number)} ${section}`;
    for (const name of names.split(" ")) {
      const lie = lies.find((one) => one.name === name);
      expect({ name, code: lie?.code, named: named.includes(`\`${lie?.code}\``) }).toEqual({
        name,
        code: lie?.code ?? "a vector",
        named: true,
      });
    }
  });
});
