import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VerificationError } from "../../../src/core/errors.js";
import { diffWords, splitWords, wordsEnd } from "../../../src/core/format/word-edits.js";
import type { WordEdit } from "../../../src/core/format/word-edits.js";

const complain = (message: string) => new VerificationError("PACK_MALFORMED", message);
/** What a reader does with edits. */
function applyEdits(old: string, edits: readonly WordEdit[]): string {
  let [text, at] = ["", 0];
  for (const { skip, remove, insert } of edits) {
    const kept = wordsEnd(old, at, skip, complain);
    text += old.slice(at, kept) + insert;
    at = wordsEnd(old, kept, remove, complain);
  }
  return text + old.slice(at);
}
const text = fc.string({
  unit: fc.constantFrom("a", "Z", "1", "9", " ", "\t", "\n", ";", "\u00e9"),
  maxLength: 60,
});

describe("edits by the word", () => {
  it("lead from any text to any other", () => {
    fc.assert(
      fc.property(text, text, text, text, (head, old, next, tail) => {
        const [a, b] = [head + old + tail, head + next + tail];
        expect(applyEdits(a, diffWords(a, b) ?? [{ skip: 0, remove: splitWords(a).length, insert: b }])).toBe(
          b,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("are none for the same text, and one for one changed number", () => {
    expect(diffWords("rev:12; x", "rev:12; x")).toEqual([]);
    expect(diffWords("rev:12; x", "rev:13; x")).toEqual([{ skip: 2, remove: 1, insert: "13" }]);
  });

  it("give up where little is left", () => {
    const words = (prefix: string) => Array.from({ length: 900 }, (_, i) => `${prefix}${i}`).join(";");
    expect(diffWords(words("a"), words("b"))).toBeUndefined();
  });

  it("take words as the format says", () => {
    expect(splitWords("ab12 \t..\u00e9x\n")).toEqual(["ab", "12", " \t", ".", ".", "\u00e9x", "\n"]);
  });

  it.each([
    [{ skip: 9, remove: 0, insert: "" }],
    [{ skip: 0, remove: 9, insert: "" }],
    [{ skip: 2 ** 50, remove: 0, insert: "" }],
  ])("refuse to go beyond the old text: %j", (edit) => {
    expect(() => applyEdits("a b", [edit])).toThrow("expected edits within the old record");
  });
});
