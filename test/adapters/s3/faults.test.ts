/** What a store, and the network before it, can do wrong. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openS3Objects } from "../../../src/adapters/objects/s3.js";
import { openS3Tree } from "../../../src/adapters/public-tree/s3.js";
import { openS3, type S3Store } from "../../../src/adapters/s3-store.js";
import { sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { type Fault, type FaultyS3, startFaultyS3 } from "../../support/faulty-s3.js";
import { temporaryFolder } from "../../support/temporary.js";

const head = "metadata/timestamp.json";
const [one, two] = [utf8Bytes("one"), utf8Bytes("two")];

let s3: FaultyS3;
let store: S3Store;
beforeEach(async () => {
  s3 = await startFaultyS3();
  store = await openS3(s3.settings);
});
afterEach(async () => {
  await store.close();
  await s3.stop();
});

async function objects() {
  const folder = await temporaryFolder();
  return { store: await openS3Objects(store, folder.path), remove: folder.remove };
}

describe("a store that fails for a while", () => {
  it.each<[string, Fault]>([
    ["is busy (503 SlowDown)", [503, "SlowDown"]],
    ["has a fault (500 InternalError)", [500, "InternalError"]],
    ["asks for patience (429)", [429, "TooManyRequests"]],
    ["met another write (409)", [409, "ConditionalRequestConflict"]],
    ["says nothing", "silent"],
  ])("is tried again, each time later, when it %s", async (_, fault) => {
    s3.faults = [fault, fault, "pass"];
    expect(await store.put("a", one)).toBe(`"${createHash("md5").update(one).digest("hex")}"`);
    s3.faults = [fault, fault, "pass"];
    expect(utf8Text((await store.get("a"))!.bytes)).toBe("one");
    expect(s3.requests).toHaveLength(6);
    expect(s3.pauses).toHaveLength(4);
    expect(s3.pauses[1]).toBeGreaterThan(s3.pauses[0]!);
  });

  it.each<[string, Fault]>([
    ["half of them", "half-body"],
    ["silence after half of them", "silent-body"],
    ["another part", "wrong-range"],
  ])("is asked again when, of the bytes, it sent %s", async (_, fault) => {
    await store.put("a", utf8Bytes("0123456789"));
    s3.faults = [fault, "pass"];
    const found = await store.get("a", { offset: 2, length: 4 });
    expect(utf8Text(found!.bytes)).toBe("2345");
    expect(s3.pauses).toHaveLength(1);
  });

  it.each<[string, Fault, string]>([
    ["stays busy", [503, "SlowDown"], '"SlowDown" (503)'],
    ["never answers", "silent", "TimeoutError"],
    ["only ever sends half", "half-body", ""],
    ["always sends another part", "wrong-range", "expected 4 bytes from 2"],
  ])("is given up after five tries when it %s", async (_, fault, said) => {
    await store.put("a", utf8Bytes("0123456789"));
    s3.requests.length = 0;
    s3.faults = [fault];
    const refused = store.get("a", { offset: 2, length: 4 });
    await expect(refused).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining(said),
    });
    expect(s3.requests).toHaveLength(5);
  });

  it("is not asked twice for what it refuses, and none of our secrets is in what we say", async () => {
    s3.faults = [[403, "SignatureDoesNotMatch"]];
    const refused = (await store.put("a", one).catch((error: unknown) => error)) as Error;
    expect(refused).toMatchObject({ code: "STORE_FAILED", message: expect.stringContaining("403") });
    expect(s3.requests).toHaveLength(1);
    const { inspect } = await import("node:util");
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toMatch(/SECRET|KEYID|Signature=/);
  });

  it("is a full store when it says so", async () => {
    for (const fault of [
      [403, "QuotaExceeded"],
      [507, "InsufficientStorage"],
    ] as const) {
      s3.faults = [fault];
      await expect(store.put("a", one)).rejects.toMatchObject({ code: "STORE_FULL" });
    }
  });

  it("is not there at all: the error says which address refused", async () => {
    await s3.stop();
    await expect(store.get("a")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("a write whose answer was lost", () => {
  it("is known again by its name, and is no conflict", async () => {
    const tree = await openS3Tree(store);
    s3.faults = ["pass", "lose", "pass"];
    await tree.swapHead(head, undefined, one);
    s3.faults = ["pass", "lose", "pass"];
    await tree.swapHead(head, one, two);
    expect(utf8Text((await tree.read(head))!)).toBe("two");
    s3.faults = ["lose", "pass"];
    await tree.putImmutable("a/b", one);
  });

  it("is a conflict when somebody else's bytes are there", async () => {
    const tree = await openS3Tree(store);
    await tree.swapHead(head, undefined, one);
    const { swapHead } = await openS3Tree(store).then((second) => ({
      swapHead: second.swapHead.bind(second),
    }));
    await swapHead(head, one, two);
    await expect(tree.swapHead(head, one, utf8Bytes("three"))).rejects.toMatchObject({
      code: "RECORD_CONFLICT",
    });
  });
});

describe("a store that does not keep conditions", () => {
  it.each([
    ["passes over If-None-Match", () => (s3.ignores = ["if-none-match"]), "If-None-Match: * to fail"],
    ["passes over If-Match", () => (s3.ignores = ["if-match"]), "If-Match to fail"],
    ["refuses conditional writes (501)", () => (s3.faults = ["pass", [501, "NotImplemented"]]), "status 501"],
    ["never lets If-Match hold", () => (s3.liesOfTags = true), "If-Match to hold"],
  ])("is refused at the start when it %s", async (_, make, said) => {
    make();
    await expect(openS3Tree(store)).rejects.toMatchObject({
      code: "STORE_UNSUITABLE",
      message: expect.stringContaining(said),
    });
  });

  it("leaves nothing of the probe behind", async () => {
    await openS3Tree(store);
    expect([...s3.objects.keys()]).toEqual([]);
  });
});

describe("a store that lies", () => {
  it("of an ETag overwrites nothing", async () => {
    const tree = await openS3Tree(store);
    await tree.swapHead(head, undefined, one);
    s3.liesOfTags = true;
    await expect(tree.swapHead(head, one, two)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
    expect(s3.objects.get(head)?.bytes.toString()).toBe("one");
  });

  it("of an object's bytes is found out by its name", async () => {
    const { store: kept, remove } = await objects();
    const { sha256 } = await kept.put([one]);
    s3.objects.set(`objects/${sha256}`, {
      ...s3.objects.get(`objects/${sha256}`)!,
      bytes: Buffer.from("owe"),
    });
    const object = await kept.open(sha256);
    await expect(object!.read(0, 3)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await remove();
  });

  it("by half an object under a digest is mended by the next put", async () => {
    const { store: kept, remove } = await objects();
    const name = sha256Hex(createHash("sha256").update(one).digest("hex"));
    s3.objects.set(`objects/${name}`, { bytes: Buffer.from("on"), etag: '"x"', write: "" });
    await kept.put([one]);
    expect(s3.objects.get(`objects/${name}`)?.bytes.toString()).toBe("one");
    await remove();
  });
});
