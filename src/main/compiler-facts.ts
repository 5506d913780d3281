/**
 * What compiled a database: name, version, and a digest over the compiler's own files and the two packages whose output goes into the
 * bytes. The overseer computes the same from its own copy; when the digests differ, it knows why the bytes might.
 */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../core/brands.js";
import type { CompilerFacts } from "../core/release/model.js";
import { version } from "../core/version.js";

const core = fileURLToPath(new URL("../core/", import.meta.url));
const folders = ["encoding", "rules", "format", "release"];
const packages = ["yaml", "zstd-codec"];

export function compilerFacts(): CompilerFacts {
  const hash = createHash("sha256");
  for (const folder of folders) {
    for (const file of scripts(join(core, folder))) {
      const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
      hash.update(`${digest}  ${file.slice(core.length)}\n`);
    }
  }
  const require = createRequire(import.meta.url);
  for (const name of packages) {
    const { version } = require(`${name}/package.json`) as { version: string };
    hash.update(`${name} ${version}\n`);
  }
  return { name: "rulemint", version, sha256: sha256Hex(hash.digest("hex")) };
}

function scripts(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return scripts(path);
      return /\.(js|ts)$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
    });
}
