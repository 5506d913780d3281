/**
 * What compiled a database: name, version, and a digest over the compiler's own files and the two packages whose output goes into the
 * bytes. The overseer computes the same from its own copy; when the digests differ, it knows why the bytes might.
 *
 * The files are all that a compilation runs: the formats, what parses and encodes on other threads, what compresses, and whatever these
 * import. A test follows the imports, so that none is forgotten.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../core/brands.js";
import type { CompilerFacts } from "../core/release/model.js";
import { version } from "../core/version.js";

/** Folders with all that is below them, and single files without their ending. */
export const compilerParts = [
  ...["core/encoding", "core/format", "core/release", "core/rules", "core/trust"],
  ...["core/brands", "core/errors", "core/limits", "core/version"],
  ...[
    "adapters/codec",
    "adapters/workers",
    "adapters/durable-files",
    "adapters/new-thread",
    "adapters/node-digest",
    "adapters/shared-flush",
    "adapters/worker-url",
  ],
];
const packages = ["yaml", "zstd-codec"];

export function compilerFacts(program = fileURLToPath(new URL("../", import.meta.url))): CompilerFacts {
  const hash = createHash("sha256");
  for (const path of compilerParts.flatMap((part) => scripts(join(program, part)))) {
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    hash.update(`${digest}  ${relative(program, path)}\n`);
  }
  const require = createRequire(import.meta.url);
  for (const name of packages) {
    const { version } = require(`${name}/package.json`) as { version: string };
    hash.update(`${name} ${version}\n`);
  }
  return { name: "rulemint", version, sha256: sha256Hex(hash.digest("hex")) };
}

function scripts(part: string): string[] {
  const file = [`${part}.js`, `${part}.ts`].find((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  return file === undefined ? scriptsBelow(part) : [file];
}

function scriptsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return scriptsBelow(path);
      return /\.(js|ts)$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
    });
}
