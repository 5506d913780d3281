/**
 * The 29 attacks that a CMS library of the field was tried with, and accepted 20 of: each is a vector with a code of its own, and
 * `vectors.test.ts` shows that it gets it. Their cycle of two CAs, which never came to an end there, ends here at once.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/core/errors.js";
import { RulemintError } from "../../../src/core/errors.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { lies } from "../../vectors/pki/make.js";
import { now } from "../../vectors/pki/world.js";
import { sha256 } from "./publisher.js";

const attacks: readonly (readonly [attack: string, vector: string, code: ErrorCode])[] = [
  ["other content embedded than the detached bytes", "embedded-other-content", "CMS_CONTENT_EMBEDDED"],
  ["a self-made TSTInfo as content, to date oneself back", "time-stamp-wrapped", "CMS_CONTENT_EMBEDDED"],
  ["no signed attributes", "no-signed-attributes", "CMS_SIGNED_ATTRIBUTES_MISSING"],
  ["signed attributes as content", "signed-attributes-as-content", "CMS_SIGNED_ATTRIBUTES_MISSING"],
  ["another content type than signed", "content-type-differs", "CMS_ATTRIBUTES_INVALID"],
  ["a certificate for servers", "leaf-for-servers", "CERTIFICATE_USAGE"],
  ["a certificate for key encipherment", "leaf-key-encipherment", "CERTIFICATE_USAGE"],
  ["an unknown critical extension", "leaf-unknown-critical", "CERTIFICATE_EXTENSION"],
  ["a path length exceeded", "path-length", "CERTIFICATE_PATH"],
  ["name constraints in the root", "names-constrained-by-the-root", "CERTIFICATE_NAMES"],
  ["a revoked leaf, lists left out", "revocation-missing", "REVOCATION_MISSING"],
  ["a list by an untrusted CA of the same name", "revocation-same-name-authority", "REVOCATION_UNTRUSTED"],
  ["a list from the future", "revocation-list-from-the-future", "REVOCATION_STALE"],
  ["SHA-1", "sha1-digest", "CMS_ALGORITHM"],
  ["RSA-1024", "leaf-rsa-1024", "CERTIFICATE_WEAK"],
  ["another certificate than signed for", "signing-certificate-other", "CMS_CERTIFICATE_MISMATCH"],
  ["trailing garbage", "trailing-garbage", "CMS_MALFORMED"],
  ["a second, untrusted signer", "second-signer", "CMS_MALFORMED"],
  ["a self-signed certificate", "leaf-self-signed", "CERTIFICATE_UNTRUSTED"],
  ["a time-stamp by a code-signing certificate", "time-stamp-by-the-publisher", "TIMESTAMP_UNTRUSTED"],
  ["other content", "wrong-content", "CMS_DIGEST_MISMATCH"],
  ["an expired leaf", "leaf-expired", "CERTIFICATE_EXPIRED"],
  ["a leaf as CA", "path-leaf-as-ca", "CERTIFICATE_PATH"],
  ["name constraints in a CA", "names-not-permitted", "CERTIFICATE_NAMES"],
  ["a revoked leaf, lists embedded", "revocation-leaf-revoked", "CERTIFICATE_REVOKED"],
  ["a stale list", "revocation-list-stale", "REVOCATION_STALE"],
  ["two message digests", "message-digest-twice", "CMS_ATTRIBUTES_INVALID"],
  ["no signer", "no-signer", "CMS_MALFORMED"],
  ["two CAs that certify each other", "path-cycle", "CERTIFICATE_UNTRUSTED"],
];

/** Wherever something critical can stand that nobody understands, or that must be critical and is not. */
const critical: readonly (readonly [where: string, vector: string, code: ErrorCode])[] = [
  ["a leaf", "leaf-unknown-critical", "CERTIFICATE_EXTENSION"],
  ["a CA", "path-ca-unknown-critical", "CERTIFICATE_EXTENSION"],
  ["a time-stamp unit", "time-stamp-unit-unknown-critical", "TIMESTAMP_UNTRUSTED"],
  ["a TSTInfo", "time-stamp-unknown-critical", "TIMESTAMP_MALFORMED"],
  ["a list", "revocation-list-unknown-critical", "REVOCATION_MALFORMED"],
  ["an entry of a list", "revocation-entry-unknown-critical", "REVOCATION_MALFORMED"],
  ["an OCSP response", "revocation-ocsp-critical", "REVOCATION_MALFORMED"],
  ["an extension that is never critical", "subject-key-critical", "CERTIFICATE_EXTENSION"],
  ["name constraints", "names-constraints-not-critical", "CERTIFICATE_EXTENSION"],
  ["policy constraints", "policy-constraints-not-critical", "CERTIFICATE_EXTENSION"],
];

describe("SPEC §6.5.3 criticality", () => {
  it.each(critical)("of %s: %s gets %s", (_where, vector, code) => {
    expect(lies.find(({ name }) => name === vector)?.code).toBe(code);
  });
});

describe("the attacks of the field", () => {
  it("are 29", () => {
    expect(new Set(attacks.map(([, vector]) => vector)).size).toBe(29);
  });

  it.each(attacks)("%s: %s gets %s", (_attack, vector, code) => {
    expect(lies.find(({ name }) => name === vector)?.code).toBe(code);
  });

  it("end within 100 ms, the cycle too", async () => {
    const read = (name: string): Uint8Array =>
      Uint8Array.from(readFileSync(fileURLToPath(new URL(`../../vectors/pki/${name}`, import.meta.url))));
    const policy = JSON.parse(new TextDecoder().decode(read("policy.json")));
    const input = {
      contentSha256: sha256(read("content")),
      cms: read("path-cycle/signature.p7s"),
      policy,
      now,
    };
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      await expect(verifySignature(input)).rejects.toBeInstanceOf(RulemintError);
      best = Math.min(best, performance.now() - start);
    }
    console.log(`a signature with a cycle of CAs: refused after ${best.toFixed(1)} ms`);
    expect(best).toBeLessThan(100);
  });
});
