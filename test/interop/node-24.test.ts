/**
 * The same bytes on this Node and on the newest LTS, with one worker and with two, in whatever order the files come: what an independent
 * rebuild rests on.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../architecture/source-tree.js";
import { corpusDates, haveCorpora, corpusFolder } from "../support/corpora.js";

const script = join(projectRoot, "test/support/compile-digests.mjs");
const samples = join(projectRoot, "scripts/sample-rules");
const work = mkdtempSync(join(tmpdir(), "rulemint-node24-"));
const newest = newestNode();
if (newest === undefined)
  console.warn("Node 24 could not be fetched: only this Node is compared with itself");

/** A path of a Node 24, out of the package registry; undefined where that cannot be reached. */
function newestNode(): string | undefined {
  try {
    const args = ["-y", "node@24", "-p", "process.execPath"];
    return execFileSync("npx", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function digests(
  node: string,
  workers: number,
  seed: number,
  from: string,
  to: string,
): Record<string, string> {
  const args = [script, String(workers), String(seed), from, to];
  return JSON.parse(execFileSync(node, args, { encoding: "utf8", maxBuffer: 1 << 20 })) as Record<
    string,
    string
  >;
}

describe.each([["sample rules"], ...(haveCorpora ? [["the Sigma and Suricata corpora"]] : [])])(
  "%s",
  (name) => {
    const [from, to] = [join(work, name, "old"), join(work, name, "new")];
    let here: Record<string, string>;

    beforeAll(() => {
      for (const folder of [from, to]) mkdirSync(folder, { recursive: true });
      if (name === "sample rules") {
        cpSync(join(samples, "v1"), from, { recursive: true });
        cpSync(join(samples, "v1"), to, { recursive: true });
        cpSync(join(samples, "v2"), to, { recursive: true });
      } else {
        for (const kind of ["sigma", "suricata"] as const) {
          const [older, newer] = corpusDates(kind).slice(-2) as [string, string];
          cpSync(corpusFolder(kind, older), join(from, kind), { recursive: true });
          cpSync(corpusFolder(kind, newer), join(to, kind), { recursive: true });
        }
      }
      here = digests(process.execPath, 1, 1, from, to);
    });

    it("compile to the same bytes with two workers and files in another order", () => {
      expect(here.old).not.toBe(here.new);
      expect(digests(process.execPath, 2, 20_261_122, from, to)).toEqual(here);
    });

    it.runIf(newest !== undefined)("compile to the same bytes on Node 24", () => {
      const version = execFileSync(newest as string, ["-v"], { encoding: "utf8" });
      expect(version).toMatch(/^v24\./);
      expect(digests(newest as string, 2, 7, from, to)).toEqual(here);
    });
  },
);

afterAll(() => rmSync(work, { recursive: true, force: true }));
