/** What docs and conventions promise about the shape of the code, so that no reviewer has to. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesBelow, projectRoot } from "./source-tree.js";

const sources = filesBelow("src").filter((file) => !file.endsWith(".d.ts"));
const tests = filesBelow("test");
const text = (file: string) => readFileSync(join(projectRoot, file), "utf8");

/** Long for a reason that a split would not cure; the reason stands beside the name. */
const longFiles = new Map<string, string>([]);

describe("style", () => {
  it("keeps every source file within 300 lines", () => {
    const long = sources.filter((file) => text(file).split("\n").length > 301 && !longFiles.has(file));
    expect(long).toEqual([]);
  });

  it("keeps the verification core small enough to be read in one sitting", () => {
    const lines = sources
      .filter((file) => file.startsWith("src/core/pki/"))
      .reduce((sum, file) => sum + text(file).split("\n").length - 1, 0);
    console.log(`core/pki: ${lines} lines`);
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThan(2500);
  });

  it("opens every source file with a comment that says what it is", () => {
    const silent = sources.filter(
      (file) =>
        !/^(#!.*\n)?\/\*\*|^(#!.*\n)?\/\/|^import type .*\n(import type .*\n)*\n\/\*\*/.test(text(file)),
    );
    expect(silent).toEqual([]);
  });

  it("names files in kebab case", () => {
    const odd = sources.filter(
      (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(file.split("/").pop() as string),
    );
    expect(odd).toEqual([]);
  });

  it.each([
    ["a skipped or lonely test", tests, /\b(it|test|describe)\.(skip|todo|only)\b|\bxit\(/],
    ["a hole in the types", [...sources, ...tests], /@ts-(ignore|nocheck|expect-error)|\bas any\b|: any\b/],
    ["an empty catch", [...sources, ...tests], /catch\s*(\([^)]*\))?\s*\{\s*\}/],
    ["a promise left open", [...sources, ...tests], /\b(TO[D]O|FIX[M]E|X[X]X)\b/],
    ["Buffer in verification code", sources.filter((file) => file.startsWith("src/core")), /\bBuffer\b/],
    ["a sleep in a test", tests, /setTimeout\(\s*resolve\s*,\s*[1-9]\d{2,}/],
  ])("has no %s", (_name, files, pattern) => {
    const self = "test/architecture/style.test.ts";
    const guilty = files.filter((file) => file !== self && pattern.test(text(file)));
    expect(guilty).toEqual([]);
  });
});
