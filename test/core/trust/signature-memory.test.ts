/** SPEC §6.5.10: what may be remembered of a signature, and that nothing else becomes good by it. */
import { describe, expect, it } from "vitest";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { RememberedSignatures } from "../../../src/core/trust/signature-memory.js";
import { content, createPublisher, memorySigner, now, sha256 } from "../pki/publisher.js";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const never = (): Promise<boolean> => Promise.reject(new Error("asked again"));
const good = () => Promise.resolve(true);

describe("a memory of signatures", () => {
  it("asks once about what was good", async () => {
    const memory = new RememberedSignatures();
    expect(await memory.recall([bytes(1), bytes(2)], good)).toBe(true);
    expect(await memory.recall([bytes(1), bytes(2)], never)).toBe(true);
  });

  it("asks again about what was not good", async () => {
    const memory = new RememberedSignatures();
    expect(await memory.recall([bytes(1)], () => Promise.resolve(false))).toBe(false);
    expect(await memory.recall([bytes(1)], good)).toBe(true);
  });

  it.each([
    ["a byte between two parts", [bytes(1, 2), bytes(3)], [bytes(1), bytes(2, 3)]],
    ["an empty part", [bytes(1), bytes(2)], [bytes(1), bytes(), bytes(2)]],
    ["the order of parts", [bytes(1), bytes(2)], [bytes(2), bytes(1)]],
  ])("tells parts apart by %s", async (_, known, other) => {
    const memory = new RememberedSignatures();
    await memory.recall(known, good);
    expect(await memory.recall(other, () => Promise.resolve(false))).toBe(false);
  });

  it("holds 512 signatures and forgets the oldest", async () => {
    const memory = new RememberedSignatures();
    for (let i = 0; i < 600; i++) await memory.recall([bytes(i >> 8, i & 255)], good);
    expect(memory.size).toBe(512);
    expect(await memory.recall([bytes(0, 88)], never)).toBe(true);
    expect(await memory.recall([bytes(0, 87)], () => Promise.resolve(false))).toBe(false);
  });
});

describe("a verdict with a memory that knows the release before", () => {
  it("refuses every changed byte of the next one, as without it", async () => {
    const publisher = await createPublisher(await memorySigner("ecdsa-p256-sha256"));
    const cms = await publisher.sign(content);
    const judged = { contentSha256: sha256(content), policy: publisher.policy, now };
    const memory = new RememberedSignatures();
    await verifySignature({ ...judged, cms, memory });
    // SPEC §6.5.10: every bit of a signature, of a certificate and of a list counts, remembered or not.
    const codeOf = async (changed: Uint8Array, more: { memory?: RememberedSignatures }) =>
      verifySignature({ ...judged, cms: changed, ...more }).then(
        () => "accepted",
        (error) => error.code,
      );
    for (let at = 7; at < cms.length; at += 61) {
      const changed = Uint8Array.from(cms);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      const code = await codeOf(changed, { memory });
      expect([at, code]).not.toEqual([at, "accepted"]);
      expect([at, code]).toEqual([at, await codeOf(changed, {})]);
    }
    expect(memory.size).toBe(8);
  });

  it("judges times anew", async () => {
    const publisher = await createPublisher(await memorySigner("ecdsa-p256-sha256"));
    const memory = new RememberedSignatures();
    const input = {
      contentSha256: sha256(content),
      cms: await publisher.sign(content),
      policy: publisher.policy,
      memory,
    };
    await verifySignature({ ...input, now });
    const before = new Date(now.getTime() - 86_400_000);
    await expect(verifySignature({ ...input, now: before })).rejects.toMatchObject({
      code: "TIMESTAMP_INVALID",
    });
  });
});
