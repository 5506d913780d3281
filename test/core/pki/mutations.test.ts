/** No malleability: whatever is changed in a good signature, it is refused, with an error of ours. The seed is fixed. */
import { beforeAll, describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { content, createWorld, now } from "../../vectors/pki/world.js";
import { byteChanges, derChanges, mutantCount, rememberSignatures, sweep } from "../../support/mutants.js";
import { sha256 } from "./publisher.js";
import { signInWorld } from "./world-signature.js";

const world = await createWorld();
const sign = (bytes: Uint8Array) => signInWorld(world, bytes);
const good = await sign(content);
const other = await sign(new TextEncoder().encode("another manifest\n"));

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

beforeAll(() => rememberSignatures());

describe("a changed signature is refused", () => {
  it("(unchanged, it is accepted)", async () => {
    expect(await verdict(good)).toBe("accepted");
  });

  it("whatever is changed in it, with a typed error, in less than 200 ms", async () => {
    const changes = [...byteChanges(other), ...derChanges(good, other)];
    const found = await sweep("evidence", good, changes, verdict, 2);
    expect(found.accepted).toEqual([]);
    expect(found.tried).toBe(mutantCount("evidence"));
    expect(found.slowestMs).toBeLessThan(200);
  });

  it("whatever bit of it is flipped: one of every byte", async () => {
    const accepted: number[] = [];
    for (let at = 0; at < good.length; at++) {
      const mutant = good.with(at, (good[at] as number) ^ (1 << (at % 8)));
      if ((await verdict(mutant)) === "accepted") accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });

  it("at whatever length it is cut", async () => {
    const accepted: number[] = [];
    for (let length = 0; length < good.length; length += 7) {
      if ((await verdict(good.subarray(0, length))) === "accepted") accepted.push(length);
    }
    expect(accepted).toEqual([]);
  });
});
