import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { parseJSON } from "../../../src/core/encoding/json.js";

describe("parseJSON", () => {
  const refused: [rule: string, text: string][] = [
    ["a duplicate member", '{"a":1,"a":1}'],
    ["a duplicate member behind an escape", '{"a":1,"\\u0061":2}'],
    ["the member __proto__", '{"__proto__":{}}'],
    ["a fraction", "1.0"],
    ["an exponent", "[1e2]"],
    ["minus zero", "-0"],
    ["an unsafe integer", "9007199254740992"],
    ["a leading zero", "01"],
    ["a plus sign", "+1"],
    ["a lone surrogate escape", '"\\ud800"'],
    ["a bad escape", '"\\x41"'],
    ["a raw line feed in a string", '"a\nb"'],
    ["an open string", '"abc'],
    ["a trailing comma", "[1,]"],
    ["a trailing comma in an object", '{"a":1,}'],
    ["two documents", "{} {}"],
    ["nothing", "  "],
    ["a byte order mark", "\ufeff{}"],
    ["a no-break space", "\u00a0{}"],
    ["a comment", "/* x */ {}"],
    ["single quotes", "{'a':1}"],
    ["NaN", "NaN"],
    ["33 levels", "[".repeat(34) + "]".repeat(34)],
    ["endless levels", "[".repeat(100_000)],
  ];
  it.each(refused)("SPEC §5.1.5 refuses %s", (_rule, text) => {
    expect(() => parseJSON(utf8Bytes(text))).toThrowError(
      expect.objectContaining({ code: "JSON_MALFORMED" }),
    );
  });

  it("SPEC §1.2.5 refuses bytes that are not UTF-8", () => {
    const bytes = Uint8Array.of(0x22, 0xc0, 0x80, 0x22);
    expect(() => parseJSON(bytes)).toThrowError(expect.objectContaining({ code: "TEXT_NOT_UTF8" }));
  });

  it("reads what JSON.parse reads, for every value without fractions", () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
        fc.string({ unit: "grapheme" }),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const space = fc.constantFrom("", " ", "\t", "\n  ");
    fc.assert(
      fc.property(value, space, (wanted, indent) => {
        const text = JSON.stringify(wanted, null, indent);
        fc.pre(!text.includes("__proto__"));
        expect(parseJSON(utf8Bytes(text))).toEqual(wanted);
      }),
    );
  });

  it("never accepts what JSON.parse refuses", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0019-truefalsn \n') });
    fc.assert(
      fc.property(noise, (text) => {
        let ours: unknown;
        try {
          ours = parseJSON(utf8Bytes(text));
        } catch (error) {
          expect(error).toMatchObject({ code: "JSON_MALFORMED" });
          return;
        }
        expect(ours).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });
});
