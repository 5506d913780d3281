/** Vectors as one directory a case: written when RULEMINT_WRITE_VECTORS=1, judged from the disk, and made again to be compared. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface VectorFolder {
  readonly folder: string;
  directories(): string[];
  read(path: string): Uint8Array;
  /** The first line of a case's expect.txt: `success`, or a code. */
  expected(name: string): string;
}

/** @param name below test/vectors; `made` are the files that its generator makes, by path */
export function openVectors(name: string, made: ReadonlyMap<string, Uint8Array>): VectorFolder {
  const folder = fileURLToPath(new URL(`../vectors/${name}/`, import.meta.url));
  const directories = () =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  if (process.env.RULEMINT_WRITE_VECTORS === "1") {
    for (const one of directories()) rmSync(join(folder, one), { recursive: true });
    for (const [path, bytes] of made) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
  }
  return {
    folder,
    directories,
    read: (path) => Uint8Array.from(readFileSync(join(folder, path))),
    expected: (one) => readFileSync(join(folder, one, "expect.txt"), "utf8").split("\n")[0] as string,
  };
}
