/** Parts of a file: together the file, each ending with a line, and the same ones around a change. */
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { memorySource } from "../../../src/core/encoding/stream.js";
import { sourceParts } from "../../../src/core/release/source-parts.js";
import { numbers } from "../format/samples.js";

async function partsOf(text: string): Promise<string[]> {
  const bytes = new Uint8Array(Buffer.from(text, "latin1"));
  const parts: Uint8Array[] = [];
  for await (const part of sourceParts(memorySource(bytes))) parts.push(part);
  expect(Buffer.compare(concatBytes(...parts), bytes)).toBe(0);
  return parts.map((part) => Buffer.from(part).toString("latin1"));
}

const draw = numbers(3);
const list = Array.from({ length: 250_000 }, () =>
  Math.floor(draw() * 2 ** 32)
    .toString(36)
    .repeat(4),
);

describe("parts of a source file", () => {
  it("end with lines and are between one and four MiB", async () => {
    const parts = await partsOf(list.join("\n"));
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts.slice(0, -1)) {
      expect(part.endsWith("\n")).toBe(true);
      expect(part.length).toBeGreaterThanOrEqual(1 << 20);
      expect(part.length).toBeLessThanOrEqual(4 << 20);
    }
  });

  it("are the same but for one where a line came in", async () => {
    const before = new Set(await partsOf(list.join("\n")));
    const after = await partsOf([...list.slice(0, 70_000), "a new line", ...list.slice(70_000)].join("\n"));
    expect(after.filter((part) => !before.has(part))).toHaveLength(1);
  });

  it.each([
    ["nothing", "", 0],
    ["one line without an end", "a", 1],
    ["a line of six MiB", `a\n${"x".repeat(6 << 20)}\nb\n`, 2],
    ["lines without anything", "\n".repeat(5 << 20), 2],
  ])("hold %s", async (_, text, least) => {
    expect((await partsOf(text)).length).toBeGreaterThanOrEqual(least);
  });

  it("never begin with a byte order mark that was not in front of the file", async () => {
    const marked = list.map((line) => `\u00ef\u00bb\u00bf${line}`).join("\n");
    expect((await partsOf(marked)).slice(1).filter((part) => part.startsWith("\u00ef\u00bb\u00bf"))).toEqual(
      [],
    );
  });
});
