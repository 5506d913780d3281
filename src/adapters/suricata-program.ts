/**
 * Suricata, asked in a folder of its own which of some rules it does not load, and why. It stops at nothing that a rule says wrongly, but a few
 * faults end it without a word on the rule: that one is then found by trying beginnings of the list.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../core/errors.js";
import { type CommandRun, runCommand } from "./commands.js";
import { storeError } from "./durable-files.js";
import { configurationFor, ruleBytesMax } from "./suricata-rules.js";

const command = "suricata";
const timeoutMs = { start: 30_000, rule: 10 };
/** Faults without a name; a search takes a dozen runs, so only quick ones are repeated. */
const searches = { most: 3, secondsMax: 10 };
/** Each takes at least one rule away; two are the rule. */
const roundsMax = 10;
const reasonMax = 200;
const refusal = /^(?:Error|E): detect: error parsing signature "(.*)$/;
const behindRule = /^(.*)" from file asked\.rules at line (\d+)$/;
const complaint = /^(?:Error|E): [\w-]+: (.*)$/;

export interface Refused {
  /** Its place among the rules. */
  readonly at: number;
  readonly reason: string;
}

export interface LoadAnswer {
  readonly refused: readonly Refused[];
  /** Why there is no answer on the rules that are not refused; undefined when they load. */
  readonly failure: string | undefined;
  /** Of the first run, in which all rules were. */
  readonly seconds: number;
}

/** Undefined where there is no such program. */
export async function suricataVersion(): Promise<string | undefined> {
  const { exit, stdout } = await runCommand(command, ["-V"], { timeoutMs: timeoutMs.start });
  return exit === 0 ? (/version (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? undefined) : undefined;
}

/**
 * The files that it reads, and the rules among them as `asked.rules`, are left in the folder. `rules`: byte strings without line ends.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export async function loadRules(folder: string, rules: readonly string[]): Promise<LoadAnswer> {
  await write(folder, "suricata.yaml", configurationFor(rules));
  await write(folder, "empty.config", "");
  const refused: Refused[] = [];
  let left: number[] = [];
  for (const [at, { length }] of rules.entries()) {
    if (length <= ruleBytesMax) left.push(at);
    else refused.push({ at, reason: `at most ${ruleBytesMax} bytes are read, of ${length}` });
  }
  const test = (chosen: readonly number[]) =>
    testRules(
      folder,
      chosen.map((at) => rules[at] as string),
    );
  let [seconds, searched, failure]: [number | undefined, number, string | undefined] = [
    undefined,
    0,
    undefined,
  ];
  for (let round = 0; ; round++) {
    const tried = await test(left);
    seconds ??= tried.seconds;
    if (tried.run.exit === 0) break;
    let found = readRefusals(
      tried.run,
      left.map((at) => rules[at] as string),
    ).map(({ at, reason }) => ({ at: left[at] as number, reason }));
    if (found.length === 0 && searched++ < searches.most && tried.seconds < searches.secondsMax) {
      const end = await shortestBad(left, test);
      if (end !== undefined) found = [{ at: left[end - 1] as number, reason: lastWords(tried.run) }];
    }
    refused.push(...found);
    if (found.length === 0 || round === roundsMax) {
      failure = lastWords(tried.run);
      break;
    }
    const gone = new Set(found.map(({ at }) => at));
    left = left.filter((at) => !gone.has(at));
  }
  return { refused: refused.sort((a, b) => a.at - b.at), failure, seconds: seconds ?? 0 };
}

/** Alerts go to `eve.json` in `out`, a folder in the folder. `captures`: a file or a folder in it. */
export function readCaptures(
  folder: string,
  captures: string,
  { out, thresholds, timeoutMs }: { out: string; thresholds?: string; timeoutMs: number },
): Promise<CommandRun> {
  const set = thresholds === undefined ? [] : ["--set", `threshold-file=${thresholds}`];
  const words = ["-c", "suricata.yaml", "-S", "asked.rules", "-l", out, "-k", "none", ...set, "-r", captures];
  return runCommand(command, words, { cwd: folder, timeoutMs });
}

interface Tried {
  readonly run: CommandRun;
  readonly seconds: number;
}

async function testRules(folder: string, rules: readonly string[]): Promise<Tried> {
  await write(folder, "asked.rules", Buffer.from(rules.map((rule) => `${rule}\n`).join(""), "latin1"));
  const words = ["-T", "-c", "suricata.yaml", "-S", "asked.rules", "-l", "."];
  const began = performance.now();
  const run = await runCommand(command, words, {
    ...{ cwd: folder, timeoutMs: timeoutMs.start + timeoutMs.rule * rules.length },
  });
  if (run.exit === "absent") throw new OperationError("STORE_FAILED", `${command} could not be run`);
  return { run, seconds: (performance.now() - began) / 1000 };
}

/** How many of the first rules it takes for it to fail; undefined when it fails without any. */
async function shortestBad(
  rules: readonly number[],
  test: (chosen: readonly number[]) => Promise<Tried>,
): Promise<number | undefined> {
  const isBad = async (count: number) => (await test(rules.slice(0, count))).run.exit !== 0;
  let [good, bad] = [0, rules.length];
  if (bad === 0 || (await isBad(good))) return undefined;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await isBad(middle)) bad = middle;
    else good = middle;
  }
  return bad;
}

/** The first complaint of each rule is the reason; what follows is about the same fault. */
function readRefusals({ stderr, stdout }: CommandRun, rules: readonly string[]): Refused[] {
  const texts = rules.map((rule) => Buffer.from(rule, "latin1").toString("utf8"));
  const found: Refused[] = [];
  let reason: string | undefined;
  for (const line of `${stdout}\n${stderr}`.split("\n")) {
    const said = refusal.exec(line)?.[1];
    if (said === undefined) reason ??= complaint.exec(line)?.[1]?.slice(0, reasonMax);
    else {
      const at = placeOf(said, texts);
      if (at !== undefined) found.push({ at, reason: reason ?? "it gives no reason" });
      reason = undefined;
    }
  }
  return found;
}

/**
 * What is said is cut after 2 KiB, so that the text of a long rule could say where another stands: the rule there has to be the one that is said,
 * or no other may begin so.
 */
function placeOf(said: string, texts: readonly string[]): number | undefined {
  const [, whole, line] = behindRule.exec(said) ?? [];
  if (whole !== undefined && whole === texts[Number(line) - 1]) return Number(line) - 1;
  const at = texts.findIndex((text) => text.startsWith(said));
  return at === -1 || texts.some((text, i) => i > at && text.startsWith(said)) ? undefined : at;
}

function lastWords({ exit, stderr, stdout }: CommandRun): string {
  if (typeof exit !== "number") return "a crash or no answer";
  const said = `${stdout}\n${stderr}`.split("\n").flatMap((line) => complaint.exec(line)?.[1] ?? []);
  return said[0]?.slice(0, reasonMax) ?? `exit code ${exit}`;
}

async function write(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  await writeFile(join(folder, name), content).catch((cause: unknown) => {
    throw storeError(cause, "writing a question for suricata");
  });
}
