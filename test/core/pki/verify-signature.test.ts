/** What a good signature proves. */
import { describe, expect, it } from "vitest";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { content, createPublisher, memorySigner, now, sha256 } from "./publisher.js";

describe.each(["ecdsa-p256-sha256", "rsa-pss-3072-sha256"] as const)("a signature by %s", (scheme) => {
  it("proves signer, time and every named check", async () => {
    const publisher = await createPublisher(await memorySigner(scheme));
    const cms = await publisher.sign(content);
    const proven = await verifySignature({
      contentSha256: sha256(content),
      cms,
      policy: publisher.policy,
      now,
    });
    expect(proven.timestamp.time).toEqual(now);
    expect(proven.signer.spki).toEqual(publisher.signer.spki);
    expect(proven.signer.subject).toContain("C=CH");
    expect(proven.signer.issuer).toContain("Code Signing CA");
    expect(proven.timestamp.authority.subject).toContain("Time-stamp unit");
    expect(proven.checks.map(({ name }) => name)).toEqual([
      "form",
      "content digest",
      "signing certificate",
      "signature",
      "time-stamp",
      "time-stamp authority",
      "certificate path",
      "certificate profile",
      "signer not revoked",
      "time-stamp authority not revoked",
      "country",
      "organization",
      "organization identifier",
    ]);
    for (const check of proven.checks) expect(check.evidence).not.toBe("");
  });

  it("names each list once, though certificates point to it in two ways and the caller has a copy", async () => {
    const publisher = await createPublisher(await memorySigner(scheme));
    const { policy, lists: revocationItems } = publisher;
    const cms = await publisher.sign(content);
    const input = { contentSha256: sha256(content), cms, policy, now, revocationItems };
    const { checks } = await verifySignature(input);
    const said = checks.filter(({ name }) => name.endsWith("not revoked"));
    const vouchers = said.flatMap(({ evidence }) => evidence.split(" | ")).map((one) => one.split(": ")[1]);
    expect(vouchers).toHaveLength(4);
    for (const one of vouchers) expect(one).toMatch(/^list \d+ of [\dTZ:-]+, until [\dTZ:-]+$/);
  });
});
