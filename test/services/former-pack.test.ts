/** A full pack takes from the one before it what stands in the database at its place still. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { pieceContentBytes } from "../../src/core/format/codec.js";
import type { Codec } from "../../src/core/format/codec.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { type Desk, openDesk } from "./desk.js";
import { testCodec } from "./test-codec.js";

const host = (i: number) => `h${Math.imul(i, 2654435761) >>> 12}.c${i % 97}.example.com\n`;
const hosts = { "h.txt": Array.from({ length: 200_000 }, (_, i) => host(i)).join("") };
const late = { "a.yar": "rule Late { condition: true }" };

describe("a full pack after another", () => {
  let desk: Desk;
  afterEach(() => desk.close());
  let compressed = 0;
  const counting: Codec = {
    compress: (method, blocks) => {
      compressed += blocks.reduce((sum, { length }) => sum + length, 0);
      return testCodec.compress(method, blocks);
    },
    decompress: (...given) => testCodec.decompress(...given),
  };

  const full = ({ packs, release }: ReleaseRecord) =>
    packs.find(({ kind, to }) => kind === "full" && to === release);
  const publishFirst = async () => {
    desk = await openDesk({ wrap: () => ({ codec: counting }) });
    await desk.addRules("hosts", "ioc", hosts);
    return desk.release();
  };
  const countBuild = async () => {
    await desk.addRules("late", "yara", late);
    compressed = 0;
    return desk.build();
  };
  const aside = async () => {
    const other = await openDesk();
    await other.addRules("hosts", "ioc", hosts);
    await other.addRules("late", "yara", late);
    const { sha256 } = full(await other.build()) ?? {};
    await other.close();
    return sha256;
  };

  it("compresses the pieces that changed, and comes out as if it had made them all", async () => {
    const first = await publishFirst();
    const bytes = first.database?.bytes as number;
    expect(bytes).toBeGreaterThan(2 * pieceContentBytes.zstd);
    const second = await countBuild();
    expect(compressed).toBeLessThan(bytes - pieceContentBytes.zstd);
    expect(full(second)?.sha256).toBe(await aside());
  });

  it("makes them all when another compiler made the former one", async () => {
    const first = await publishFirst();
    const { settings } = desk.context;
    const compiler = { ...settings.compiler, sha256: "d".repeat(64) as never };
    desk.context = { ...desk.context, settings: { ...settings, compiler } };
    await countBuild();
    expect(compressed).toBeGreaterThan(first.database?.bytes as number);
  });

  it("makes them all when the former one is damaged or gone", async () => {
    const first = await publishFirst();
    const { sha256, bytes } = full(first) as { sha256: string; bytes: number };
    const path = join(desk.folder, "objects", sha256.slice(0, 1), sha256);
    chmodSync(path, 0o600);
    writeFileSync(path, new Uint8Array(bytes));
    const second = await countBuild();
    expect(second.state).toBe("signed");
    expect(full(second)?.sha256).toBe(await aside());
  });
});
