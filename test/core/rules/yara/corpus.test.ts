/**
 * Real rulesets: our parser takes what the engine takes, and the export means what the sources meant.
 * Without the corpora, or without yarac and yara, the parts that need them do not run.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ParsedFile, SourceFile } from "../../../../src/core/rules/model.js";
import { yaraLanguage } from "../../../../src/core/rules/yara/language.js";
import { textBytes } from "../../../../src/core/rules/yara/text-literal.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../../support/corpora.js";
import { exported } from "./helpers.js";

const haveEngine = [["yarac"], ["yara"]].every(
  ([name]) => spawnSync(name as string, ["--version"]).status === 0,
);
if (!haveEngine) console.warn("yara: yarac or yara is absent; tests that compare with the engine do not run");

/**
 * Files of the corpora that the engine refuses, each with its reason. There are none: all of them were
 * tried.
 */
const trueErrors = new Map<string, string>();

const scratch = mkdtempSync(join(tmpdir(), "rulemint-yara-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function parseCorpus(date: string): Promise<{ sources: SourceFile[]; parsed: ParsedFile[] }> {
  const sources = (await corpusFiles("yara", date)).filter((file) => yaraLanguage.accepts(file.path));
  return { sources, parsed: sources.map((file) => yaraLanguage.parse(file)) };
}

const isRule = (record: string) => yaraLanguage.ruleID(record) !== undefined;

/**
 * Compiles all texts, each a namespace of its own; gives the compiled file. Throws with the engine's words
 * if it refuses one.
 */
function compile(name: string, texts: readonly (string | Uint8Array)[]): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  texts.forEach((text, i) => {
    writeFileSync(join(folder, `${i}.yar`), text);
  });
  execFileSync("yarac", ["-w", ...texts.map((_, i) => `n${i}:${i}.yar`), "all.yarc"], { cwd: folder });
  return join(folder, "all.yarc");
}

/**
 * A file in which many strings of the rules occur: texts, plain and wide, and hex strings with zeros for
 * what is open.
 */
function sampleFor(file: ParsedFile): Buffer {
  const parts: Uint8Array[] = [Buffer.from("MZ"), new Uint8Array(62)];
  for (const line of file.records.join("\n").split("\n")) {
    const [, text, hex] = /^ {8}\$\w* = (?:(".*")[^"]*|\{ (.*) \})/.exec(line) ?? [];
    if (text !== undefined) {
      const bytes = textBytes(Buffer.from(text, "latin1").toString("utf8"));
      parts.push(bytes, new Uint8Array(3), Buffer.from(Buffer.from(bytes).toString("latin1"), "utf16le"));
    }
    if (hex !== undefined) parts.push(hexSample(hex));
    parts.push(new Uint8Array(5));
  }
  return Buffer.concat(parts);
}

/** First alternatives, shortest jumps, zeros for wildcards. */
function hexSample(hex: string): Uint8Array {
  let flat = hex;
  for (let before = ""; before !== flat; ) {
    before = flat;
    flat = flat.replace(/\( ([^()|]*)(?: \|[^()]*)? \)/, "$1");
  }
  const bytes = flat.split(" ").flatMap((one) => {
    const jump = /^\[(\d+)/.exec(one);
    if (jump !== null) return Array<number>(Math.min(Number(jump[1]), 1000)).fill(0);
    return one.startsWith("[") ? [] : [Number.parseInt(one.replace("~", "").replaceAll("?", "0"), 16)];
  });
  return Uint8Array.from(bytes);
}

function scan(compiled: string, folder: string): string[] {
  const options = { encoding: "utf8", maxBuffer: 2 ** 30, cwd: folder } as const;
  return execFileSync("yara", ["-w", "-e", "-s", "-r", "-p", "1", "-C", compiled, "."], options).split("\n");
}

describe.runIf(haveCorpora)("real YARA rules", () => {
  it.each(corpusDates("yara"))(
    "of %s parse without a false error, and again from the export",
    async (date) => {
      const { parsed } = await parseCorpus(date);
      const wrong = parsed.filter((file) => file.findings.some(({ severity }) => severity === "error"));
      expect(wrong.map((file) => file.path)).toEqual(
        [...trueErrors.keys()].filter((path) => path.includes(date)),
      );
      const merged = yaraLanguage.merge(parsed);
      expect(merged.findings).toEqual([]);
      const again = exported(parsed).map(({ path, text }) =>
        yaraLanguage.parse({ path, bytes: new TextEncoder().encode(text) }),
      );
      expect(again.flatMap((file) => file.findings)).toEqual([]);
      expect(yaraLanguage.merge(again).records).toEqual(merged.records);
      const rules = merged.records.filter(isRule).length;
      console.log(`yara ${date}: ${parsed.length} files, ${rules} rules, no error`);
      expect(rules).toBeGreaterThan(2000);
    },
  );

  it.runIf(haveEngine).each(corpusDates("yara"))(
    "of %s: the engine takes every source and every exported file",
    async (date) => {
      const { sources, parsed } = await parseCorpus(date);
      compile(
        `${date}-source`,
        sources.map((file) => file.bytes),
      );
      compile(
        `${date}-export`,
        exported(parsed).map((file) => file.text),
      );
    },
    120_000,
  );

  it.runIf(haveEngine)(
    "match the same after export: rules, strings, offsets and bytes",
    async () => {
      const { sources, parsed } = await parseCorpus(corpusDates("yara").at(-1) as string);
      // One namespace number for a file on both sides.
      const texts = parsed.map((file) => exported([file])[0]?.text ?? "");
      const before = compile(
        "match-source",
        sources.map((file) => file.bytes),
      );
      const after = compile("match-export", texts);
      const folder = join(scratch, "samples");
      mkdirSync(folder);
      parsed.forEach((file, i) => {
        writeFileSync(join(folder, `${i}.bin`), sampleFor(file));
      });
      const matches = scan(before, folder);
      const rules = matches.filter((line) => /^n\d+:/.test(line)).length;
      console.log(`yara: ${matches.length} lines of matches, ${rules} of rules, the same after export`);
      expect(rules).toBeGreaterThan(300);
      expect(scan(after, folder).sort()).toEqual(matches.sort());
    },
    240_000,
  );
});
