/** What a scan of clean files proves: nothing when it ended with an error or read nothing, and no less for one file that cannot be read. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { tryClamAV } from "../../../src/adapters/gates/clamav-trial.js";
import { CleanDigests } from "../../../src/adapters/gates/clean-files.js";
import { LoadMemory, type Trial } from "../../../src/adapters/gates/trial.js";
import { tryYara } from "../../../src/adapters/gates/yara-trial.js";
import { temporaryFolder } from "../../support/temporary.js";

let folder: string;
let remove: () => Promise<void>;
const path = process.env.PATH as string;
beforeAll(async () => {
  const made = await temporaryFolder();
  ({ remove } = made);
  folder = made.path;
  mkdirSync(join(folder, "rules"));
  mkdirSync(join(folder, "clean"));
  writeFileSync(join(folder, "empty"), "");
  writeFileSync(join(folder, "rules/a.yar"), 'rule Wide { strings: $a = "ordinary" condition: $a }\n');
  writeFileSync(join(folder, "rules/a.ndb"), `Desk.Wide:0:*:${Buffer.from("ordinary").toString("hex")}\n`);
  for (let i = 0; i < 20; i++) writeFileSync(clean(`fine-${i}`), `a program like any other, ${i}\n`);
  writeFileSync(clean("hit"), "an ordinary program\n");
});
afterEach(() => {
  process.env.PATH = path;
});
afterAll(() => remove());

const clean = (name: string) => join(folder, "clean", name);
const fine = (count: number) => Array.from({ length: count }, (_, i) => `fine-${i}`);
const gone = (count: number) => Array.from({ length: count }, (_, i) => `gone-${i}`);

/** The engine in front of the real one does what `script` says; `$REAL` is the real one. */
function putInFront(engine: string, script: string): void {
  const bin = join(folder, `bin-${engine}`);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, engine), `#!/bin/sh\nREAL=/usr/bin/${engine}\n${script}\n`);
  chmodSync(join(bin, engine), 0o755);
  process.env.PATH = bin + delimiter + path;
}

const engines = [
  { engine: "yara", rules: "rules/a.yar", rule: "Wide", attempt: tryYara, list: "--scan-list" },
  { engine: "clamscan", rules: "rules/a.ndb", rule: "Desk.Wide", attempt: tryClamAV, list: "--file-list" },
] as const;

describe.each(engines)("a scan of clean files by $engine", ({ engine, rules, rule, attempt, list }) => {
  const scan = (names: readonly string[]) => {
    const files: Trial["files"] = [{ path: rules, changed: true }];
    return attempt({
      folder,
      files,
      samples: [],
      loads: new LoadMemory(),
      clean: async () => names.map(clean),
    });
  };

  it.each([
    ["one of two is gone", [...fine(1), ...gone(1)], 1],
    ["two of twenty-two are gone", [...fine(20), ...gone(2)], 20],
    ["all are there", fine(5), 5],
  ])("SPEC §17.6.5 passes when %s, and counts those that it read", async (_, names, read) => {
    expect(await scan(names)).toMatchObject({ hits: [], cleanFiles: read });
  });

  it("SPEC §17.6.5 finds what matches beside a file that is gone", async () => {
    const { hits } = await scan(["hit", ...gone(1)]);
    expect(hits).toMatchObject([{ rule, message: expect.stringContaining(clean("hit")) }]);
  });

  it.each([
    ["the only file is gone", gone(1), /^the scan read 0 of 1 clean files: .*gone-0/],
    ["a quarter of them are gone", [...fine(9), ...gone(3)], /^the scan read 9 of 12 clean files: /],
  ])("SPEC §17.6.5 does not pass when %s", async (_, names, message) => {
    expect((await scan(names)).hits).toEqual([{ rule: null, message: expect.stringMatching(message) }]);
  });

  const inScan = (then: string) => `case "$*" in *${list}*) ${then} ;; esac\nexec $REAL "$@"`;
  it.each([
    ["ends with an error and prints nothing", "exit 70", /exit code 70$/],
    ["ends with an error and says why", "echo no memory >&2; exit 50", /exit code 50: no memory$/],
    ["is killed", "kill -9 $$", /died or did not end in time$/],
  ])("SPEC §17.6.5 does not pass when the engine %s", async (_, then, message) => {
    putInFront(engine, inScan(then));
    const { hits } = await scan(fine(5));
    expect(hits).toEqual([{ rule: null, message: expect.stringMatching(message) }]);
  });

  it("gives each question the time that its own answer took", async () => {
    putInFront(engine, inScan("sleep 0.4"));
    const { loadSeconds, sampleSeconds, cleanSeconds } = await scan(fine(1));
    expect(loadSeconds).toBeGreaterThan(0);
    expect(sampleSeconds).toBeLessThan(0.1);
    expect(cleanSeconds).toBeGreaterThan(0.4);
  });
});

describe("digests of clean files", () => {
  it("SPEC §17.6.5 do not pass when not one file can be read", async () => {
    const folders = [join(folder, "clean")];
    const digests = new CleanDigests(() => Promise.reject(new Error("EIO")));
    const reading = async () => {
      for await (const { path: read } of digests.of({ folders, bytesMax: 1e6, fileBytesMax: 1e6 }))
        throw new Error(`expected nothing, got ${read}`);
    };
    await expect(reading()).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});
