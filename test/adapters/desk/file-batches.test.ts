import { describe, expect, it } from "vitest";
import { FileBatches } from "../../../src/adapters/desk/file-batches.js";
import { type Sha256Hex, sha256Hex } from "../../../src/core/brands.js";
import { concatBytes } from "../../../src/core/encoding/bytes.js";

const digest = (i: number) => sha256Hex(i.toString(16).padStart(64, "0"));
const content = (sha256: Sha256Hex) => new Uint8Array(Number.parseInt(sha256, 16)).fill(7);
const framed = (bytes: Uint8Array, length = bytes.length) => {
  const front = new Uint8Array(8);
  new DataView(front.buffer).setBigUint64(0, BigInt(length));
  return concatBytes(front, bytes);
};

function batches(
  answer = (digests: readonly Sha256Hex[]) => concatBytes(...digests.map((one) => framed(content(one)))),
) {
  const asked: (number | "one")[] = [];
  const files = new FileBatches({
    one: async (sha256) => {
      asked.push("one");
      return content(sha256);
    },
    many: async (digests) => {
      asked.push(digests.length);
      return answer(digests);
    },
  });
  return { files, asked };
}

describe("files that are asked for at once", () => {
  it("come together, at most 64 in one request, each to the one who asked", async () => {
    const { files, asked } = batches();
    const wanted = Array.from({ length: 150 }, (_, i) => digest(i));
    const found = await Promise.all(wanted.map((one) => files.read(one, 1000)));
    expect(found).toEqual(wanted.map(content));
    expect(asked).toEqual([64, 64, 22]);
  });

  it("go alone when they are large", async () => {
    const { files, asked } = batches();
    await Promise.all([files.read(digest(1), 10), files.read(digest(300_000), 300_000)]);
    expect(asked.toSorted()).toEqual([1, "one"]);
  });

  it.each([
    ["too long a file", "FETCH_TOO_LARGE", () => framed(new Uint8Array(20), 20)],
    ["a length beyond the end", "SERVER_REFUSED", () => framed(new Uint8Array(2), 9)],
    ["no length", "SERVER_REFUSED", () => new Uint8Array(5)],
    ["nothing", "SERVER_REFUSED", () => new Uint8Array()],
    [
      "bytes behind the last file",
      "SERVER_REFUSED",
      () => concatBytes(framed(new Uint8Array(1)), new Uint8Array(1)),
    ],
  ])("are refused when the answer holds %s: %s", async (_name, code, answer) => {
    const { files } = batches(answer);
    await expect(files.read(digest(3), 10)).rejects.toMatchObject({ code });
  });

  it("fail together when the request fails, and later ones are asked for again", async () => {
    let fails = true;
    const { files } = batches((digests) => {
      if (fails) throw new Error("cut off");
      return concatBytes(...digests.map((one) => framed(content(one))));
    });
    const both = await Promise.allSettled([files.read(digest(1), 10), files.read(digest(2), 10)]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fails = false;
    expect(await files.read(digest(1), 10)).toEqual(content(digest(1)));
  });
});
