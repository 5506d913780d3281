import { expect, it } from "vitest";
import { matchesPathPattern } from "../../../src/core/trust/path-pattern.js";

it.each([
  ["endpoint/*", "endpoint/1.full.rmp", true],
  ["endpoint/*", "endpoint/", true],
  ["endpoint/*", "endpoint", false],
  ["endpoint/*", "endpoint/a/b", false],
  ["endpoint/*", "other/1", false],
  ["endpoint/*.rmp", "endpoint/1.rmp.exe", false],
  ["*", "a", true],
  ["*", "a/b", false],
  ["?-*.delta.rmp", "1-2.delta.rmp", true],
  ["?", "", false],
  ["a**b", "ab", true],
  ["", "", true],
])("TUF §4.5 %j and %j: %s", (pattern, path, wanted) => {
  expect(matchesPathPattern(pattern, path)).toBe(wanted);
});

it("answers at once, whatever the pattern", () => {
  expect(matchesPathPattern(`${"*a".repeat(40)}b`, "a".repeat(2000))).toBe(false);
});
