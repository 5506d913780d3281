/** What verification costs: CPU after warm-up, printed; and what an attacker's certificates can make it cost. */
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { type Certificate, parseCertificate } from "../../../src/core/pki/certificate.js";
import { parseSignedData } from "../../../src/core/pki/cms.js";
import { verifyPath } from "../../../src/core/pki/path.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { truth, sequence } from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import { replace } from "../../vectors/pki/lies-certificate.js";
import { type Holder, issue, p256 } from "../../vectors/pki/world.js";
import { content, createPublisher, memorySigner, now, sha256 } from "./publisher.js";

/** CPU milliseconds of one call, user and system, the best of five batches: others use this machine too. */
async function cpuOf(work: () => unknown, rounds: number): Promise<number> {
  for (let i = 0; i < 3 * rounds; i++) await work();
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < 5; batch++) {
    const start = process.cpuUsage();
    for (let i = 0; i < rounds; i++) await work();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000 / rounds);
  }
  return best;
}

describe("the cost of verification", () => {
  it.each(["ecdsa-p256-sha256", "rsa-pss-3072-sha256"] as const)("by %s, printed", async (scheme) => {
    const publisher = await createPublisher(await memorySigner(scheme));
    const cms = await publisher.sign(content);
    const input = { contentSha256: sha256(content), cms, policy: publisher.policy, now };
    const parse = await cpuOf(() => parseSignedData(cms), 10);
    const whole = await cpuOf(() => verifySignature(input), 8);
    console.log(
      `${scheme}: parse ${parse.toFixed(2)} ms, CMS with time-stamp, two chains and ${publisher.lists.length} lists ` +
        `${whole.toFixed(1)} ms of CPU, ${cms.length} bytes`,
    );
    expect(parse).toBeGreaterThan(0);
    expect(whole).toBeGreaterThan(parse);
  });
});

/** A CA without a limit on what is below it. */
const unlimited = replace(extension("2.5.29.19", true, sequence(truth())));

/** The code, and the milliseconds of the quickest of five tries: others use this machine too. */
async function refusal(
  leaf: Certificate,
  pool: readonly Certificate[],
  anchor: Holder,
): Promise<[string, number]> {
  const anchors = [parseCertificate(anchor.certificate)];
  const rules = { purpose: "1.3.6.1.5.5.7.3.3", at: now, anchors, rsaBitsMin: 3072, lengthMax: 12 };
  let code = "accepted";
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    try {
      await verifyPath(leaf, pool, rules);
    } catch (cause) {
      if (!(cause instanceof RulemintError)) throw cause;
      code = cause.code;
    }
    best = Math.min(best, performance.now() - start);
  }
  return [code, best];
}

describe("a search that an attacker has prepared", () => {
  it("SPEC §6.5.7 ends soon when two CAs certify each other", async () => {
    const holders = await crossCertified(2);
    const leaf = await issue({ profile: "code-signing", name: "leaf", issuer: holders[0] as Holder });
    const root = await issue({ profile: "root", name: "root" });
    const pool = holders.map(({ certificate }) => parseCertificate(certificate));
    const [code, milliseconds] = await refusal(parseCertificate(leaf.certificate), pool, root);
    console.log(`a cycle of two CAs: ${code} after ${milliseconds.toFixed(1)} ms`);
    expect(code).toBe("CERTIFICATE_UNTRUSTED");
    expect(milliseconds).toBeLessThan(100);
  });

  it("SPEC §6.5.7 gives up after 100 signatures when every CA certifies every other", async () => {
    const holders = await crossCertified(7);
    const leaf = await issue({ profile: "code-signing", name: "leaf", issuer: holders[0] as Holder });
    const root = await issue({ profile: "root", name: "root" });
    const pool = holders.map(({ certificate }) => parseCertificate(certificate));
    const [code, milliseconds] = await refusal(parseCertificate(leaf.certificate), pool, root);
    console.log(`seven CAs that all certify each other: ${code} after ${milliseconds.toFixed(1)} ms`);
    expect(code).toBe("LIMIT_EXCEEDED");
  });
});

/** Every one of `count` CAs has a certificate of every other one. */
async function crossCertified(count: number): Promise<Holder[]> {
  const names = Array.from({ length: count }, (_, i) => `cross ${i}`);
  const roots = await Promise.all(names.map((name) => issue({ profile: "root", name, key: p256(name) })));
  const pairs = names.flatMap((name) =>
    roots.filter((_, i) => names[i] !== name).map((issuer) => [name, issuer] as const),
  );
  return Promise.all(
    pairs.map(([name, issuer]) =>
      issue({ profile: "issuing-ca", name, key: p256(name), issuer, bend: unlimited }),
    ),
  );
}
