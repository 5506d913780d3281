/** What verification costs: CPU after warm-up, printed; and what an attacker's certificates can make it cost. */
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { type Certificate, parseCertificate } from "../../../src/core/pki/certificate.js";
import { parseSignedData } from "../../../src/core/pki/cms.js";
import { verifyPath } from "../../../src/core/pki/path.js";
import { RememberedSignatures } from "../../../src/core/trust/signature-memory.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { truth, sequence } from "../../../src/issuing/asn1.js";
import type { IssuingKey } from "../../../src/issuing/algorithms.js";
import { generateIssuingKey } from "../../../src/issuing/issuing-keys.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import { replace } from "../../vectors/pki/lies-certificate.js";
import { createWorld, type Holder, issue, p256, p384 } from "../../vectors/pki/world.js";
import { signInWorld } from "./world-signature.js";
import { createPublisher, memorySigner, now, sha256 } from "./publisher.js";

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

/** What the platform itself takes for the eight signatures of CAs on P-384 that one evidence file brings. */
async function cpuOfCAs(): Promise<number> {
  const algorithm = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const message = new Uint8Array(1000);
  const signature = await crypto.subtle.sign(algorithm, privateKey, message);
  return 8 * (await cpuOf(() => crypto.subtle.verify(algorithm, publicKey, signature, message), 40));
}

const rsaKeys = await keysOfCAs("rsa-pss-3072-sha256");

describe("the cost of verification", () => {
  it.each(["ecdsa-p256-sha256", "rsa-pss-3072-sha256"] as const)("by %s, printed", async (scheme) => {
    const publisher = await createPublisher(await memorySigner(scheme));
    const releases = await Promise.all(
      Array.from({ length: 48 }, async (_, release) => {
        const bytes = Uint8Array.of(release);
        return { contentSha256: sha256(bytes), cms: await publisher.sign(bytes) };
      }),
    );
    const judged = { policy: publisher.policy, now };
    const [first, ...later] = releases as [(typeof releases)[0], ...typeof releases];
    const parse = await cpuOf(() => parseSignedData(first.cms), 10);
    const alone = await cpuOf(() => verifySignature({ ...judged, ...first }), 8);
    const memory = new RememberedSignatures();
    await verifySignature({ ...judged, ...first, memory });
    let next = 0;
    const release = () =>
      verifySignature({ ...judged, ...(later[next++ % later.length] as typeof first), memory });
    const following = await cpuOf(release, 8);
    console.log(
      `${scheme}: parse ${parse.toFixed(2)} ms; CMS with time-stamp, two chains and ${publisher.lists.length} lists: ` +
        `${alone.toFixed(1)} ms of CPU for the first release, ` +
        `${following.toFixed(1)} ms for a later one by the same CAs; ${first.cms.length} bytes`,
    );
    expect(parse).toBeGreaterThan(0);
    expect(Math.min(alone, following)).toBeGreaterThan(0);
    expect(memory.size).toBe(8);
  });

  it.each([
    ["ecdsa-p256-sha256", p256],
    ["rsa-pss-3072-sha256", rsaKeys],
    ["ecdsa-p384-sha384", p384],
  ] as const)("by CAs of %s, printed", async (scheme, keyOf) => {
    const world = await createWorld(keyOf);
    const bytes = Uint8Array.of(1);
    const claim = {
      contentSha256: sha256(bytes),
      cms: await signInWorld(world, bytes),
      policy: world.policy,
    };
    const alone = await cpuOf(() => verifySignature({ ...claim, now }), 8);
    const floor = scheme === "ecdsa-p384-sha384" ? await cpuOfCAs() : 0;
    const bare = floor > 0 ? `, ${floor.toFixed(1)} of them eight signatures on P-384 alone` : "";
    console.log(
      `CAs of ${scheme}: the whole signature, for the first time, ${alone.toFixed(1)} ms of CPU${bare}`,
    );
    expect(alone).toBeGreaterThan(0);
  });
});

/** One key for each CA of the world. */
async function keysOfCAs(scheme: "rsa-pss-3072-sha256"): Promise<(name: string) => IssuingKey> {
  const names = ["root", "issuing CA", "time-stamping root", "time-stamping CA"];
  const keys = await Promise.all(names.map(async () => (await generateIssuingKey(scheme)).key));
  return (name) => keys[names.indexOf(name)] as IssuingKey;
}

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
