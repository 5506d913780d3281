/** No malleability: whatever is changed in a good signature, it is refused, with an error of ours. The seed is fixed. */
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { RulemintError } from "../../../src/core/errors.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { signCMS } from "../../../src/issuing/cms.js";
import { issueCRL } from "../../../src/issuing/crls.js";
import { content, createWorld, now } from "../../vectors/pki/world.js";
import { memoryTSA, sha256 } from "./publisher.js";

const world = await createWorld();
const tsuChain = [world.tsu.certificate, world.tsaCA.certificate];
const good = await signCMS({
  contentSha256: sha256(content),
  contentLabel: "1.endpoint.json",
  signer: { ...world.leaf.key, scheme: "ecdsa-p256-sha256", close: async () => undefined },
  chain: [world.leaf.certificate, world.ca.certificate],
  signingTime: now,
  tsa: memoryTSA(world.tsu.key, tsuChain, () => now),
  revocation: () =>
    Promise.all(
      [world.root, world.ca, world.tsaRoot, world.tsaCA].map(({ key, certificate }) =>
        issueCRL({
          ...{ issuerKey: key, issuerCertificate: certificate, number: 1n, revoked: [], thisUpdate: now },
          nextUpdate: new Date("2026-09-08T12:00:00Z"),
        }),
      ),
    ),
});

/** Small, seeded, good enough to choose bytes. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** "accepted", or the code of the refusal. Any other exception is thrown on. */
async function verdict(cms: Uint8Array): Promise<string> {
  try {
    await verifySignature({ contentSha256: sha256(content), cms, policy: world.policy, now });
    return "accepted";
  } catch (cause) {
    if (cause instanceof RulemintError) return cause.code;
    throw cause;
  }
}

async function accepted(mutants: Iterable<readonly [string, Uint8Array]>): Promise<string[]> {
  const found: string[] = [];
  for (const [name, cms] of mutants) if ((await verdict(cms)) === "accepted") found.push(name);
  return found;
}

const changed = (position: number, to: (octet: number) => number): Uint8Array =>
  good.map((octet, i) => (i === position ? to(octet) & 0xff : octet));

describe("a changed signature is refused", () => {
  it("(unchanged, it is accepted)", async () => {
    expect(await verdict(good)).toBe("accepted");
  });

  it("when a bit is flipped: two of every byte", async () => {
    const mutants = Array.from({ length: 2 * good.length }, (_, i) => {
      const at = i >> 1;
      const bit = 1 << ((at % 4) + 4 * (i % 2));
      return [`byte ${at} ^ ${bit}`, changed(at, (octet) => octet ^ bit)] as const;
    });
    console.log(`flipped ${mutants.length} bits of a signature, one at a time`);
    expect(await accepted(mutants)).toEqual([]);
  });

  it("when random bytes are replaced, removed, doubled or swapped, 4000 times", async () => {
    const random = generator(2);
    const mutants = Array.from({ length: 4000 }, (_, i): [string, Uint8Array] => {
      const at = random(good.length - 1);
      const length = 1 + random(4);
      const [before, after] = [good.subarray(0, at), good.subarray(at)];
      const kinds: (() => Uint8Array)[] = [
        () => changed(at, (octet) => octet + 1 + random(255)),
        () => concatBytes(before, after.subarray(length)),
        () => concatBytes(before, after.subarray(0, length), after),
        () => concatBytes(before, after.subarray(length), after.subarray(0, length)),
      ];
      return [`kind ${i % 4} at ${at}, ${length}`, (kinds[i % 4] as () => Uint8Array)()];
    });
    const different = mutants.filter(([, cms]) => !Buffer.from(cms).equals(good));
    expect(different.length).toBeGreaterThan(3900);
    expect(await accepted(different)).toEqual([]);
  });

  it("at whatever length it is cut", async () => {
    const cuts = Array.from({ length: 500 }, (_, i) => Math.floor((i * good.length) / 500));
    expect(await accepted(cuts.map((length) => [`cut at ${length}`, good.subarray(0, length)]))).toEqual([]);
  });
});
