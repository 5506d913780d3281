import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCanonicalJSON } from "../../../src/core/encoding/canonical-json.js";
import { utf8Text } from "../../../src/core/encoding/bytes.js";

const require = createRequire(import.meta.url);
const peer = require("@tufjs/canonical-json") as { canonicalize(value: unknown): string };

describe("encodeCanonicalJSON", () => {
  it("sorts members, leaves control characters alone and escapes two characters only", () => {
    const text = utf8Text(encodeCanonicalJSON({ b: [1, true, null], a: 'x\n"\\é', B: {} }));
    expect(text).toBe('{"B":{},"a":"x\n\\"\\\\é","b":[1,true,null]}');
  });

  it("agrees with @tufjs/canonical-json on everything it encodes", () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.string({ unit: "grapheme" }).map((text) => text.normalize("NFC")),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: "grapheme-ascii" }), tie("value"), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(value, (sample) => {
        expect(utf8Text(encodeCanonicalJSON(sample))).toBe(peer.canonicalize(sample));
      }),
      { numRuns: 500 },
    );
  });

  const refused: [rule: string, value: unknown][] = [
    ["SPEC §5.1.1 a member name that is not ASCII", { é: 1 }],
    ["SPEC §5.1.1 a member name with a control character", { "a\n": 1 }],
    ["SPEC §5.1.2 text that is not NFC", "e\u0301"],
    ["SPEC §5.1.2 a lone surrogate", "\ud800"],
    ["SPEC §5.1.3 a fraction", 0.5],
    ["SPEC §5.1.3 an unsafe integer", 2 ** 53],
    ["SPEC §5.1.3 minus zero", -0],
    ["SPEC §5.1.3 not a number", Number.NaN],
    ["a member without a value", { a: undefined }],
    ["a big integer", 1n],
    ["a function", () => 0],
  ];
  it.each(refused)("refuses %s", (_rule, value) => {
    expect(() => encodeCanonicalJSON(value)).toThrowError(
      expect.objectContaining({ code: "ENCODING_MALFORMED" }),
    );
  });
});
