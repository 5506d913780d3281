/** Hashes and proofs against the definition in RFC 6962, written down here as plainly as it stands there. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concatBytes, hexText, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { formatBundle, parseBundle } from "../../../src/core/log/entries.js";
import { GrowingTree } from "../../../src/core/log/growing-tree.js";
import {
  makeConsistencyProof,
  makeInclusionProof,
  makeInclusionProofs,
  treeRoot,
} from "../../../src/core/log/make-proof.js";
import { emptyRoot, leafHash, verifyConsistency, verifyInclusion } from "../../../src/core/log/merkle.js";
import {
  parseTilePath,
  partialTiles,
  requireTile,
  tileNodes,
  tilePath,
} from "../../../src/core/log/tiles.js";
import { TestLog } from "../../support/log-world.js";

const sha = (...parts: Uint8Array[]) =>
  new Uint8Array(
    createHash("sha256")
      .update(concatBytes(...parts))
      .digest(),
  );
const entry = (i: number) => utf8Bytes(`entry ${i}`);
const list = (size: number) => Array.from({ length: size }, (_, i) => entry(i));

/** RFC 6962 §2.1: MTH. */
function mth(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return sha();
  if (entries.length === 1) return sha(Uint8Array.of(0), entries[0] as Uint8Array);
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha(Uint8Array.of(1), mth(entries.slice(0, k)), mth(entries.slice(k)));
}

function log(size: number): TestLog {
  const made = new TestLog().append(...list(size));
  made.checkpoint();
  return made;
}

describe("the tree", () => {
  it("SPEC §11.4.1 has the roots of RFC 6962 at every size up to 70", async () => {
    const tree = new GrowingTree();
    for (let size = 0; size <= 70; size++) {
      expect(hexText(tree.head().root)).toBe(hexText(mth(list(size))));
      tree.append(entry(size));
    }
    expect(hexText(emptyRoot)).toBe(hexText(sha()));
  });

  it.each([255, 256, 257, 513, 65_537])(
    "SPEC §11.4.1, §11.4.2 has the root of RFC 6962 at size %i, and proves from its tiles",
    async (size) => {
      const made = log(size);
      const read = tileNodes(size, made.readTile);
      expect(hexText(made.root)).toBe(hexText(mth(list(size))));
      expect(hexText(await treeRoot(size, read))).toBe(hexText(made.root));
      for (const index of [0, size >> 1, size - 1]) {
        const proof = await makeInclusionProof(index, size, read);
        verifyInclusion({ index, size, root: made.root, leaf: leafHash(entry(index)), proof });
      }
    },
  );

  it("makes many proofs of one tree as it makes each", async () => {
    for (const size of [1, 2, 33, 600]) {
      const read = tileNodes(size, log(size).readTile);
      const all = list(size).map((_, i) => i);
      const alone = await Promise.all(all.map((index) => makeInclusionProof(index, size, read)));
      expect(await makeInclusionProofs(all, size, read)).toEqual(alone);
      await expect(makeInclusionProofs([0, size], size, read)).rejects.toThrow(RangeError);
    }
  });

  it("SPEC §11.4.2 proves every entry of every tree up to 33, and no other", async () => {
    for (let size = 1; size <= 33; size++) {
      const made = log(size);
      for (let index = 0; index < size; index++) {
        const proof = await makeInclusionProof(index, size, tileNodes(size, made.readTile));
        const claim = { index, size, root: made.root, leaf: leafHash(entry(index)), proof };
        verifyInclusion(claim);
        for (const lie of [
          { ...claim, leaf: leafHash(entry(size)) },
          { ...claim, index: index === 0 ? size : index - 1 },
          { ...claim, root: emptyRoot },
          { ...claim, proof: [...proof, emptyRoot] },
          ...(proof.length > 0
            ? [
                { ...claim, proof: proof.slice(1) },
                { ...claim, proof: proof.slice(0, -1) },
              ]
            : []),
        ]) {
          expect(() => verifyInclusion(lie)).toThrowError(
            expect.objectContaining({ code: "LOG_INCLUSION_FAILED" }),
          );
        }
      }
    }
  });

  it("SPEC §11.4.3 proves that every tree up to 33 continues every smaller one, and no other", async () => {
    const logs = Array.from({ length: 34 }, (_, size) => log(size));
    for (let size = 0; size <= 33; size++) {
      for (let old = 0; old <= size; old++) {
        const [before, after] = [logs[old], logs[size]] as [TestLog, TestLog];
        const proof = await makeConsistencyProof(old, size, tileNodes(size, after.readTile));
        const claim = {
          before: { size: old, root: before.root },
          after: { size, root: after.root },
          proof,
        };
        verifyConsistency(claim);
        const other = leafHash(utf8Bytes("other"));
        for (const lie of [
          { ...claim, before: { size: old, root: other } },
          ...(old === 0 ? [] : [{ ...claim, after: { size, root: other } }]),
          { ...claim, proof: [...proof, emptyRoot] },
          { ...claim, before: claim.after, after: { size: size - 1, root: claim.after.root } },
          ...proof.map((_, i) => ({ ...claim, proof: proof.filter((_hash, j) => j !== i) })),
          ...proof.map((_, i) => ({ ...claim, proof: proof.map((hash, j) => (j === i ? other : hash)) })),
        ]) {
          expect(() => verifyConsistency(lie), `${old} to ${size}`).toThrowError(
            expect.objectContaining({ code: "LOG_CONSISTENCY_FAILED" }),
          );
        }
      }
    }
  });
});

describe("tiles", () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, "tile/0/000"],
    [{ level: 2, index: 1_234_067, width: 256 }, "tile/2/x001/x234/067"],
    [{ level: 1, index: 273, width: 17 }, "tile/1/273.p/17"],
    [{ level: "entries", index: 1000, width: 1 }, "tile/entries/x001/000.p/1"],
  ] as const)("SPEC §11.4.4 %j stands at %s", (place, path) => {
    expect(tilePath(place)).toBe(path);
    expect(parseTilePath(path)).toEqual(place);
  });

  it.each([
    ...["tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/0/001/000", "tile/0/000.p/256", "tile/0/000.p/0"],
    ...["tile/00/000", "tile/64/000", "tile/data/000", "tile/0/000.p/01", "/tile/0/000", "tile/0/../000"],
  ])("SPEC §11.4.4 %s is no place", (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it.each([
    [0, []],
    [1, ["tile/entries/000.p/1", "tile/0/000.p/1"]],
    [256, ["tile/1/000.p/1"]],
    [70_000, ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]],
  ])("SPEC §11.4.4 the edge of %i entries is %j", (size, paths) => {
    expect(partialTiles(size).map(tilePath)).toEqual(paths);
    if (size > 256) return;
    expect([...log(size).files.keys()].filter((path) => path.includes(".p/"))).toEqual(
      expect.arrayContaining(paths),
    );
  });

  it("SPEC §11.4.5 are refused with a length that their place does not give them", () => {
    const place = { level: 0, index: 0, width: 3 };
    expect(requireTile(new Uint8Array(96), place)).toHaveLength(96);
    for (const length of [0, 64, 95, 97, 128]) {
      expect(() => requireTile(new Uint8Array(length), place)).toThrowError(
        expect.objectContaining({ code: "LOG_TILE_MALFORMED" }),
      );
    }
  });
});

describe("a bundle of entries", () => {
  const entries = [new Uint8Array(0), utf8Bytes("one"), new Uint8Array(65_535).fill(7)];

  it("is read as it was written", () => {
    expect(parseBundle(formatBundle(entries), 3)).toEqual(entries);
  });

  it.each([
    ["with fewer entries", formatBundle(entries), 4],
    ["with more entries", formatBundle(entries), 2],
    ["that ends in an entry", formatBundle(entries).subarray(0, -1), 3],
    ["that ends in a length", concatBytes(formatBundle(entries), Uint8Array.of(0)), 4],
  ])("is refused %s", (_rule, bytes, width) => {
    expect(() => parseBundle(bytes, width)).toThrowError(
      expect.objectContaining({ code: "LOG_TILE_MALFORMED" }),
    );
  });

  it("SPEC §11.4.6 takes no entry of 65,536 bytes", () => {
    expect(() => formatBundle([new Uint8Array(65_536)])).toThrowError(
      expect.objectContaining({ code: "LOG_ENTRY_TOO_LARGE" }),
    );
  });
});
