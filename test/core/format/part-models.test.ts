/** The arithmetic of a delta's parts: the same whole numbers on every machine, and in both implementations. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteStringBytes, hexText } from "../../../src/core/encoding/bytes.js";
import { VerificationError } from "../../../src/core/errors.js";
import { type Field, fields, PartModels } from "../../../src/core/format/part-models.js";
import { PartBits } from "../../../src/core/reference/delta-bits.js";
import { ReferenceNumbers, ReferenceText } from "../../../src/core/reference/delta-models.js";
import { rules } from "./samples.js";

const complain = (message: string) => new VerificationError("PACK_MALFORMED", message);
const refused = expect.objectContaining({ code: "PACK_MALFORMED" });
const open = (bits = 12) => PartModels.open(bits, complain);

/** What a part may say. */
type Item =
  | { readonly is: "number"; readonly field: Field; readonly value: number; readonly beside: number }
  | { readonly is: "text"; readonly text: string; readonly before: string; readonly plain: boolean }
  | { readonly is: "learn"; readonly record: string };

/** Says all of it to the models; what they answer. */
function say(models: PartModels, items: readonly Item[], known: boolean): (number | string)[] {
  return items.map((item) => {
    if (item.is === "number") return models.number(item.field, known ? item.value : 0, item.beside);
    if (item.is === "learn") {
      models.learn(byteStringBytes(item.record));
      return "";
    }
    models.begin(item.before);
    return models.text(known ? item.text : undefined, item.text.length, item.plain);
  });
}

async function write(items: readonly Item[], bits = 12): Promise<Uint8Array> {
  const models = await open(bits);
  models.write();
  say(models, items, true);
  return models.finish();
}

async function read(part: Uint8Array, items: readonly Item[], bits = 12): Promise<(number | string)[]> {
  const models = await open(bits);
  models.read(part);
  const found = say(models, items, false);
  models.end();
  return found;
}

/** The same by the implementation that was written from SPEC alone. */
function readByReference(part: Uint8Array, items: readonly Item[], bits = 12): (number | string)[] {
  const [from, numbers, text] = [new PartBits(part), new ReferenceNumbers(), new ReferenceText(bits)];
  const plainByte = () =>
    Array.from({ length: 8 }, () => from.read(32_768)).reduce<number>((a, b) => 2 * a + b, 0);
  const found = items.map((item) => {
    if (item.is === "number") return numbers.read(from, item.field, item.beside);
    if (item.is === "learn") {
      text.learn(item.record);
      return "";
    }
    text.begin(item.before);
    const bytes = Array.from(item.text, () => (item.plain ? plainByte() : text.read(from)));
    return String.fromCharCode(...bytes);
  });
  from.end();
  return found;
}

const said = (items: readonly Item[]) =>
  items.map((item) => (item.is === "number" ? item.value : item.is === "text" ? item.text : ""));

const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "alert ", "sid:", "\u00ff", "0", "_"), maxLength: 60 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  }),
);
const anyNumber = fc.oneof(fc.nat(20), fc.nat(5000), fc.integer({ min: 0, max: 2 ** 31 + 13 }));
const anyItem: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    is: fc.constant("number" as const),
    field: fc.constantFrom(...fields),
    value: anyNumber,
    beside: fc.oneof(fc.nat(9), fc.integer()),
  }),
  fc.record({ is: fc.constant("text" as const), text: anyText, before: anyText, plain: fc.boolean() }),
  fc.record({ is: fc.constant("learn" as const), record: anyText }),
);
const anyItems = fc.array(anyItem, { maxLength: 60 });
const textOf = (text: string): Item[] => [{ is: "text", text, before: "", plain: false }];

describe("what a part says", () => {
  it("SPEC §4.5.1 comes back, from both implementations", async () => {
    await fc.assert(
      fc.asyncProperty(anyItems, fc.integer({ min: 1, max: 14 }), async (items, bits) => {
        const part = await write(items, bits);
        expect(await read(part, items, bits)).toEqual(said(items));
        expect(readByReference(part, items, bits)).toEqual(said(items));
      }),
      { numRuns: 200 },
    );
  });

  it("comes back from rules in several pieces, in parts one after the other", async () => {
    const text = rules(400).join("\n");
    const [writer, reader] = [await open(16), await open(16)];
    for (const part of [text, text.slice(1000), rules(9).join("\n")]) {
      writer.write();
      say(writer, textOf(part), true);
      reader.read(writer.finish());
      expect(say(reader, textOf(part), false)).toEqual([part]);
      reader.end();
    }
    expect(readByReference(await write(textOf(text), 16), textOf(text), 16)).toEqual([text]);
  });

  it("SPEC §4.7.5 comes back where what was learned repeats itself for about as long as teaches nothing", async () => {
    const text = "alert http any any -> any any";
    const runs = fc.array(fc.record({ start: fc.nat(6), bytes: fc.integer({ min: 9, max: 20 }) }), {
      minLength: 4,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(runs, async (pieces) => {
        const record = pieces.map(({ start, bytes }) => text.slice(start, start + bytes)).join("|");
        const items: Item[] = [{ is: "learn", record }, ...textOf(record)];
        const part = await write(items);
        expect(await read(part, items)).toEqual(["", record]);
        expect(readByReference(part, items)).toEqual(["", record]);
      }),
    );
  });

  it("SPEC §4.5.2 is the same in any bytes to both implementations, and refused by both or by none", async () => {
    const outcome = async (found: () => Promise<(number | string)[]> | (number | string)[]) => {
      try {
        return await found();
      } catch (error) {
        expect(error).toEqual(refused);
        return "refused";
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), anyItems, async (part, items) => {
        expect(await outcome(() => read(part, items))).toEqual(
          await outcome(() => readByReference(part, items)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("SPEC §4.5.3 is refused with a byte more, and is not the same with one less", async () => {
    const items = textOf('alert tcp any any -> any any (msg:"a"; sid:1;)');
    const part = await write(items);
    await expect(read(part.subarray(0, 0), items)).rejects.toThrowError(refused);
    await expect(read(new Uint8Array([...part, 0]), items)).rejects.toThrowError(refused);
    const shorter = await read(part.subarray(0, -1), items).catch((error: unknown) => error);
    expect(shorter).not.toEqual(said(items));
  });

  it("SPEC §4.5.2 that is longer than the bytes is refused before it costs much", async () => {
    const models = await open();
    models.read(new Uint8Array(0));
    expect(() => models.text(undefined, 2 ** 40, false)).toThrowError(refused);
    models.read(new Uint8Array(0));
    expect(() => models.text(undefined, 2 ** 40, true)).toThrowError(refused);
  });
});

describe("models", () => {
  it("SPEC §4.6.2 have the odds that the specification prints", () => {
    const file = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
    const numbers = (list = "") =>
      list
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(Number);
    const printed = /squash\(-2816\) …[\s\S]*?```\n([\s\S]*?)```/.exec(file("docs/SPEC.md"))?.[1];
    const source = file("src/core/format/assembly/logistic.ts");
    expect(numbers(printed)).toHaveLength(45);
    expect(numbers(/anchors = [^[]*\[([^\]]*)\]/.exec(source)?.[1])).toEqual(numbers(printed));
  });

  it("make little of what repeats, and hardly more of what cannot be known than it is", async () => {
    expect((await write(textOf(rules(200).join("\n")))).length).toBeLessThan(5000);
    const noise = Array.from({ length: 4000 }, (_, i) =>
      String.fromCharCode(createHash("sha256").update(String(i)).digest()[0] as number),
    ).join("");
    expect((await write(textOf(noise))).length).toBeLessThan(4200);
  });

  // whoever writes this format from SPEC.md alone compares with these
  it("SPEC §4.6.1 give these bytes", async () => {
    expect(hexText(await write(textOf('alert tcp any any -> any any (msg:"a"; sid:1;)')))).toBe(
      "9e708e002f3956916d1ff70876d713c306fb25bee4959691ab793e72594d94227d3657a8",
    );
    const numbers = [0, 14, 15, 16, 300, 300, 70_000, 2 ** 31 + 13].map((value): Item => {
      return { is: "number", field: "skip", value, beside: 0 };
    });
    expect(hexText(await write(numbers))).toBe("efd8667ad9c6bf36ff353aa80000");
  });

  it("are what their source compiles to", () => {
    const script = fileURLToPath(new URL("../../../scripts/compile-part-models.mjs", import.meta.url));
    expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toContain("is current");
  });
});
