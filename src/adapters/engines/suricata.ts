/**
 * A second opinion on Suricata rules by the engine itself, where it is installed: each rule in the form in which it would be exported, under a
 * number of its own, so that what files have in common is not the engine's to judge. Rules that stand on files of an endpoint, or ask for
 * another version, it is not shown; their author is told.
 */
import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { Finding, RuleKind } from "../../core/rules/model.js";
import { formatLine, idOf, isDisabled, recordKey, textOf } from "../../core/rules/suricata/record.js";
import type { ParsedSource, RuleEngine } from "../../ports/rule-engine.js";
import { inScratchFolder } from "../scratch-folder.js";
import { loadRules, suricataVersion } from "../suricata-program.js";
import { ownVariables, reasonNotToAsk, sharesData } from "../suricata-rules.js";
import { type Question, SharedRuns } from "./shared-runs.js";

/** Numbers that no author is likely to write: where the engine speaks of one, it is told apart and put right. */
const sidBase = 4_100_000_000;

/** Undefined where there is no such program. */
export async function openSuricataEngine(): Promise<RuleEngine | undefined> {
  const version = await suricataVersion();
  if (version === undefined) return undefined;
  const runs = new SharedRuns((questions) => answer(questions, version));
  return {
    name: `suricata ${version}`,
    kinds: ["suricata"],
    ...{ soundRulesOnly: true, fileByFile: true },
    check: async (kind: RuleKind, files: readonly ParsedSource[]) =>
      kind !== "suricata" || files.length === 0 ? [] : runs.ask(files),
  };
}

interface AskedRule {
  readonly line: number;
  readonly record: string;
}

interface AskedFile {
  readonly path: string;
  readonly rules: readonly AskedRule[];
  readonly findings: Finding[];
}

async function answer(questions: readonly Question[], version: string): Promise<Finding[][]> {
  const asked: AskedFile[][] = [];
  for (const files of questions) {
    const read: AskedFile[] = [];
    for (const file of files) {
      read.push(readFile(file, version));
      await yieldToOthers();
    }
    asked.push(read);
  }
  await judge(asked.flat().filter(({ rules }) => rules.length > 0));
  return asked.map((files) => files.flatMap(({ findings }) => findings));
}

function readFile({ path, parsed }: ParsedSource, version: string): AskedFile {
  const rules: AskedRule[] = [];
  const findings: Finding[] = [];
  const { records, lines } = parsed;
  for (const [i, record] of records.entries()) {
    if (isDisabled(record)) continue;
    const place = { path, line: lines[i] as number, column: 1, severity: "warning" } as const;
    const reason = reasonNotToAsk(textOf(record), version);
    if (reason === undefined) rules.push({ line: place.line, record });
    else {
      const message = `Suricata ${version} was not asked about ${idOf(record)}: ${reason}`;
      findings.push({ ...place, code: "SURICATA_NOT_ASKED", message });
    }
    const { addresses, ports } = ownVariables([textOf(record)]);
    for (const name of new Set([...addresses, ...ports])) {
      const message = `expected a variable of Suricata's own configuration, got $${name}, which each endpoint has to define`;
      findings.push({ ...place, code: "SURICATA_VARIABLE", message });
    }
  }
  return { path, rules, findings };
}

/** What is said of a file is what would be said of it alone: halves are asked again where that is not sure. */
async function judge(files: readonly AskedFile[]): Promise<void> {
  const rules = files.flatMap((file) => file.rules.map((rule) => ({ file, ...rule })));
  if (rules.length === 0) return;
  const { refused, failure } = await inScratchFolder("suricata", (folder) =>
    loadRules(
      folder,
      rules.map(({ record }, at) =>
        formatLine(recordKey(1, sidBase + at) + record.slice(recordKey(1, 1).length)),
      ),
    ),
  );
  if (failure !== undefined && files.length > 1) {
    const half = files.length >> 1;
    await judge(files.slice(0, half));
    return judge(files.slice(half));
  }
  const alone = new Set<AskedFile>();
  for (const { at } of refused) {
    const { file, record } = rules[at] as (typeof rules)[number];
    if (files.length > 1 && sharesData(record)) alone.add(file);
  }
  for (const { at, reason } of refused) {
    const { file, line, record } = rules[at] as (typeof rules)[number];
    if (alone.has(file)) continue;
    const said = reason.replaceAll(`${sidBase + at}`, idOf(record).replace(/^.*:/, ""));
    refuse(file, line, "SURICATA_ENGINE", `expected what the engine takes, got: ${said}`);
  }
  const [first] = files;
  if (failure !== undefined && first !== undefined)
    refuse(first, 1, "SURICATA_ENGINE_FAILED", `expected the engine to load the file, got: ${failure}`);
  for (const file of alone) await judge([file]);
}

function refuse({ path, findings }: AskedFile, line: number, code: string, message: string): void {
  findings.push({ path, line, column: 1, severity: "error", code, message });
}
