/** One version, said in two places. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { version } from "../../src/core/version.js";

it("is the version of package.json", () => {
  const { version: declared } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(version).toBe(declared);
});
