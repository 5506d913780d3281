/**
 * The real rulesets beside the project (`../shared/corpora`), for tests and benchmarks. They are unpacked once per machine into
 * the temporary directory. Where they are absent, or `zstd` is, `haveCorpora` is false: use `describe.runIf(haveCorpora)`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuleKind, SourceFile } from "../../src/core/rules/model.js";
import { ruleKinds } from "../../src/core/rules/model.js";

const archives = fileURLToPath(new URL("../../../shared/corpora", import.meta.url));
const unpacked = join(tmpdir(), "rulemint-corpora");

export const haveCorpora: boolean =
  ruleKinds.every((kind) => existsSync(join(archives, `${kind}.tar.zst`))) &&
  spawnSync("zstd", ["--version"]).status === 0;

if (!haveCorpora)
  console.warn("corpora: ../shared/corpora or zstd is absent; tests on real rulesets do not run");

/** Ascending; empty where there are no corpora. */
export function corpusDates(kind: RuleKind): string[] {
  if (!haveCorpora) return [];
  return readdirSync(unpackCorpus(kind)).sort();
}

/** Every file of one dated version in path order, licences and read-me files too; the paths begin with the kind. */
export async function corpusFiles(kind: RuleKind, date: string): Promise<SourceFile[]> {
  const root = join(unpackCorpus(kind), date);
  const paths = listFiles(root).map((path) => relative(root, path).split(sep).join("/"));
  paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Promise.all(
    paths.map(async (path) => ({
      path: `${kind}/${path}`,
      bytes: new Uint8Array(await readFile(join(root, path))),
    })),
  );
}

/** Where one dated version lies, unpacked. Nobody changes it. */
export function corpusFolder(kind: RuleKind, date: string): string {
  return join(unpackCorpus(kind), date);
}

/** The folder that holds one folder a date. */
function unpackCorpus(kind: RuleKind): string {
  const archive = join(archives, `${kind}.tar.zst`);
  // The size in the name keeps an older archive's files from being taken for the newer one's.
  const folder = join(unpacked, `${kind}-${statSync(archive).size}`);
  if (existsSync(folder)) return folder;
  mkdirSync(unpacked, { recursive: true });
  const scratch = mkdtempSync(join(unpacked, "unpacking-"));
  try {
    execFileSync("tar", ["--zstd", "-xf", archive, "-C", scratch]);
    renameSync(join(scratch, kind), folder);
  } catch (error) {
    // Another test process may have won the race: then its folder is there and as good as ours.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : entry.isFile() ? [path] : [];
  });
}
