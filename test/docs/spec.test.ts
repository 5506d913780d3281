import { describe, expect, it } from "vitest";
import { errorTable } from "../../src/core/errors.js";
import { citedIn, readCitations, readClauses } from "./specification.js";

const clauses = readClauses();
const numbers = new Set(clauses.map(({ number }) => number));
const cited = { src: readCitations("src"), test: readCitations("test") };
/** Chapter 1.1 explains the word; everywhere else it is a duty. */
const duties = clauses.filter(({ number, text }) => /\bMUST\b/.test(text) && !number.startsWith("1.1"));

describe("the specification", () => {
  it("has every clause once, in order", () => {
    const inOrder = [...numbers].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    expect(clauses.map(({ number }) => number)).toEqual(inOrder);
  });

  it("has every clause that code and tests cite", () => {
    const unknown = [...cited.src, ...cited.test].filter(({ number }) => !numbers.has(number));
    expect(unknown.map(({ number, place }) => `${place} cites §${number}`)).toEqual([]);
  });

  it.each(["src", "test"] as const)("has a citation in %s for every MUST", (folder) => {
    const known = new Set(cited[folder].map(({ number }) => number));
    expect(duties.map(({ number }) => number).filter((number) => !known.has(number))).toEqual([]);
  });

  it("names no error code that does not exist", () => {
    const named = clauses.flatMap(({ text }) => codesIn(text));
    expect(named.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
    expect(new Set(named).size).toBeGreaterThan(50);
  });
});

/** Codes stand in backquotes; a finding's code is the parser's own and says that it is one. */
function codesIn(text: string): string[] {
  const found = text.replace(/finding\s+`[A-Z_]+`/g, "").matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g);
  return [...found].map(([, code]) => code as string);
}

describe("a citation", () => {
  it.each([
    ["// SPEC §6.3.2: a check", ["6.3.2"]],
    ['"SPEC §3, §4"', ["3", "4"]],
    ["/** SPEC §5.4.7 and §5.4.8. */", ["5.4.7", "5.4.8"]],
    ["RFC 5652 §5.4", []],
  ])("is read from %j", (line, expected) => {
    expect(citedIn(line)).toEqual(expected);
  });
});
