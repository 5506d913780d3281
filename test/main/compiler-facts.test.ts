/** The digest of the compiler is over every file that a compilation runs. */
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { compilerFacts, compilerParts } from "../../src/main/compiler-facts.js";
import { temporaryFolder } from "../support/temporary.js";

const source = fileURLToPath(new URL("../../src/", import.meta.url));
/** What a compilation begins with, on each of its threads. */
const entries = [
  ...["core/release/compile-database.ts", "core/release/compile.ts", "core/release/packs.ts"],
  ...["core/release/rebuild.ts", "core/release/source-map.ts"],
  ...["adapters/codec/pack-codec.ts", "adapters/codec/compression-worker.ts"],
  ...["adapters/workers/rule-workers.ts", "adapters/workers/rule-worker.ts"],
  "adapters/workers/remembered-parses.ts",
];

/** Every file that is run with `paths`; an import of types alone runs nothing. */
function reached(paths: readonly string[], found = new Set<string>()): Set<string> {
  for (const path of paths) {
    if (found.has(path)) continue;
    found.add(path);
    const text = readFileSync(path, "utf8");
    const imports = [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+"(\.[^"]+)"/gm)];
    reached(
      imports.map(([, name]) => join(dirname(path), name as string).replace(/\.js$/, ".ts")),
      found,
    );
  }
  return found;
}

const isCovered = (path: string) =>
  compilerParts.some((part) => path === `${part}.ts` || path.startsWith(`${part}/`));

it("the digest covers whatever a compilation imports", () => {
  const run = [...reached(entries.map((path) => join(source, path)))].map((path) => relative(source, path));
  expect(run.length).toBeGreaterThan(60);
  expect(run.filter((path) => !isCovered(path))).toEqual([]);
});

it.each([
  "adapters/workers/rule-worker.ts",
  "adapters/workers/parser-thread.ts",
  "adapters/codec/compression-worker.ts",
  "adapters/node-digest.ts",
  "core/limits.ts",
  "core/rules/registry.ts",
])("a change of %s changes the digest", async (path) => {
  const folder = await temporaryFolder();
  try {
    for (const part of ["core", "adapters"]) {
      cpSync(join(source, part), join(folder.path, part), { recursive: true });
    }
    const before = compilerFacts(folder.path);
    expect(before).toEqual(compilerFacts(source));
    appendFileSync(join(folder.path, path), "// changed\n");
    expect(compilerFacts(folder.path).sha256).not.toBe(before.sha256);
  } finally {
    await folder.remove();
  }
});
