import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rememberParses } from "../../../src/adapters/workers/remembered-parses.js";
import type { Sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import type { ParsedFile } from "../../../src/core/rules/model.js";
import type { RuleWorkers } from "../../../src/ports/rule-workers.js";
import { directWorkers } from "../../services/desk.js";
import { temporaryFolder } from "../../support/temporary.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let parsed: string[];
beforeEach(async () => {
  folder = await temporaryFolder();
  parsed = [];
});
afterEach(() => folder.remove());

const counted: RuleWorkers = {
  parse: (kind, files) => {
    parsed.push(...files.map(({ path }) => path));
    return directWorkers.parse(kind, files);
  },
  runs: directWorkers.runs,
  close: async () => undefined,
};
const file = (path: string, text = "a.example\n# why\nb.example\nbroken broken\n") => ({
  path,
  bytes: utf8Bytes(text),
});
const keep = () => ({ path: join(folder.path, "parsed.json"), compiler: "c".repeat(64) });

describe("remembered parses", () => {
  it("give what the workers give, in order, and parse each file once", async () => {
    const workers = await rememberParses(counted);
    const files = [file("i/a.txt"), file("i/b.txt", "c.example"), file("i/a.txt")];
    const expected = await directWorkers.parse("ioc", files);
    expect(await workers.parse("ioc", files.slice(0, 2))).toEqual(expected.slice(0, 2));
    expect(await workers.parse("ioc", files)).toEqual(expected);
    expect(parsed).toEqual(["i/a.txt", "i/b.txt"]);
  });

  it("are of one path, one kind and these very bytes", async () => {
    const workers = await rememberParses(counted);
    await workers.parse("ioc", [file("i/a.txt", "a.example")]);
    await workers.parse("ioc", [file("i/b.txt", "a.example")]);
    await workers.parse("ioc", [file("i/a.txt", "b.example")]);
    await workers.parse("yara", [file("i/a.txt", "a.example")]);
    expect(parsed).toEqual(["i/a.txt", "i/b.txt", "i/a.txt", "i/a.txt"]);
  });

  it("are recalled without the bytes, for one kind, path, digest and length", async () => {
    const workers = await rememberParses(counted);
    const one = file("i/a.txt");
    const [known] = await workers.parse("ioc", [one]);
    const sha256 = createHash("sha256").update(one.bytes).digest("hex") as Sha256Hex;
    const facts = { path: one.path, sha256, bytes: one.bytes.length };
    expect(workers.recall?.("ioc", facts)).toEqual(known);
    for (const other of [
      { ...facts, bytes: facts.bytes + 1 },
      { ...facts, path: "i/b.txt" },
      { ...facts, sha256: sha256.replace(/^./, sha256[0] === "0" ? "1" : "0") as Sha256Hex },
    ]) {
      expect(workers.recall?.("ioc", other)).toBeUndefined();
    }
    expect(workers.recall?.("yara", facts)).toBeUndefined();
  });

  it("do not hold what a failed parser said, nor large files", async () => {
    const failing: RuleWorkers = {
      parse: async (_kind, files) => {
        parsed.push(...files.map(({ path }) => path));
        const failure = {
          line: 1,
          column: 1,
          severity: "error",
          code: "RULES_PARSER_FAILED",
          message: "",
        } as const;
        return files.map(
          ({ path }): ParsedFile => ({ path, records: [], lines: [], findings: [{ path, ...failure }] }),
        );
      },
      runs: directWorkers.runs,
      close: async () => undefined,
    };
    for (const workers of [await rememberParses(failing), await rememberParses(counted)]) {
      const large = file("i/large.txt", "a.example\n".repeat(200_000));
      await workers.parse("ioc", [file("i/a.txt"), large]);
      await workers.parse("ioc", [file("i/a.txt"), large]);
    }
    expect(parsed.filter((path) => path === "i/a.txt")).toHaveLength(3);
    expect(parsed.filter((path) => path === "i/large.txt")).toHaveLength(4);
  });

  it("outlive the process when they are kept", async () => {
    const first = await rememberParses(counted, { keep: keep() });
    const answer = await first.parse("ioc", [file("i/a.txt")]);
    await first.close();
    const second = await rememberParses(counted, { keep: keep() });
    expect(await second.parse("ioc", [file("i/a.txt")])).toEqual(answer);
    expect(parsed).toHaveLength(1);
    const other = await rememberParses(counted, { keep: { ...keep(), compiler: "d".repeat(64) } });
    await other.parse("ioc", [file("i/a.txt")]);
    expect(parsed).toHaveLength(2);
  });

  it.each([
    ["flipped", (text: string) => text.replace(`"lines":[1`, `"lines":[2`)],
    ["cut off", (text: string) => text.slice(0, -10)],
    ["empty", () => ""],
    ["no JSON", () => "{\n["],
  ])("are forgotten when their file is %s", async (_name, damage) => {
    const first = await rememberParses(counted, { keep: keep() });
    await first.parse("ioc", [file("i/a.txt")]);
    await first.close();
    writeFileSync(keep().path, damage(readFileSync(keep().path, "utf8")));
    const second = await rememberParses(counted, { keep: keep() });
    await second.parse("ioc", [file("i/a.txt")]);
    expect(parsed).toHaveLength(2);
  });
});
