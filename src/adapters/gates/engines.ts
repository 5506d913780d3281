/**
 * Releases before the engines of this machine: `yarac` and `yara`, `clamscan`, `suricata`. Samples stand below one folder, `must-match/KIND/RULE/FILE`:
 * each file must be matched by the rule that its folder is named after. Where an engine is not installed, its trial says so.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ExportedFile, RuleKind } from "../../core/rules/model.js";
import type { EngineTrial, ReleaseGates, TrialInput } from "../../ports/release-gates.js";
import { storeError, systemCode } from "../durable-files.js";
import { inScratchFolder } from "../scratch-folder.js";
import { type CleanOptions, CleanDigests, listClean } from "./clean-files.js";
import { tryClamAV } from "./clamav-trial.js";
import { trySuricata } from "./suricata-trial.js";
import { LoadMemory, nothingTried, type Sample, type Trial, type WrittenFile } from "./trial.js";
import { tryYara } from "./yara-trial.js";

export interface EngineGatesOptions {
  /** Below it, `must-match`. It may be missing. */
  readonly samples: string;
  readonly clean: CleanOptions;
}

const trials: Partial<Record<RuleKind, (trial: Trial) => Promise<EngineTrial>>> = {
  clamav: tryClamAV,
  suricata: trySuricata,
  yara: tryYara,
};

export function openEngineGates({ samples, clean }: EngineGatesOptions): ReleaseGates {
  const [digests, loads] = [new CleanDigests(), new LoadMemory()];
  return {
    wantedRules: async (kind) => [...new Set((await samplesOf(samples, kind)).map(({ rule }) => rule))],
    cleanFiles: () => digests.of(clean),
    tryKind: (input) =>
      inScratchFolder("gate", async (folder): Promise<EngineTrial> => {
        const ask = trials[input.kind];
        if (ask === undefined) return { engine: null, ...nothingTried };
        const files = await writeFiles(folder, input);
        const listed: Trial["clean"] = async (takes) =>
          (await listClean(clean, takes)).map(({ path }) => path);
        const asked = (await samplesOf(samples, input.kind)).filter(({ rule }) => !input.without.has(rule));
        return ask({ folder, files, samples: asked, loads, clean: listed });
      }),
    loadSeconds: ({ kind, files }) =>
      inScratchFolder("gate", async (folder): Promise<number | null> => {
        const ask = trials[kind];
        if (ask === undefined) return null;
        const written = await writeFiles(folder, { files, isChanged: () => false });
        const nothing = { samples: [], loads: new LoadMemory(), clean: async () => [] };
        const { engine, refusals, loadSeconds } = await ask({ folder, files: written, ...nothing });
        return engine === null || refusals.length > 0 ? null : loadSeconds;
      }),
  };
}

async function writeFiles(
  folder: string,
  { files, isChanged }: Pick<TrialInput, "files" | "isChanged">,
): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  try {
    await mkdir(join(folder, "rules"));
    await writeFile(join(folder, "empty"), "");
    for (const file of files) written.push(await writeOne(join(folder, "rules"), file, isChanged));
  } catch (cause) {
    throw storeError(cause, "writing the files of a gate");
  }
  return written;
}

async function writeOne(
  folder: string,
  { path, chunks }: ExportedFile,
  isChanged: TrialInput["isChanged"],
): Promise<WrittenFile> {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  const handle = await open(full, "wx");
  const hash = createHash("sha256");
  try {
    for (const chunk of chunks) {
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return { path: `rules/${path}`, changed: isChanged(path, hash.digest("hex")) };
}

/** `must-match/KIND/RULE/FILE`; a rule's folder without files asks for the rule alone. */
async function samplesOf(samples: string, kind: RuleKind): Promise<Sample[]> {
  const folder = join(samples, "must-match", kind);
  // Only a folder that is not there asks for nothing: one that cannot be read would switch the gate off.
  const rules = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (systemCode(cause) === "ENOENT") return [];
    throw storeError(cause, "reading the samples of a gate");
  });
  const found: Sample[] = [];
  for (const rule of rules
    .filter((entry) => entry.isDirectory())
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const files = await readdir(join(folder, rule.name), { withFileTypes: true });
    const paths = files.filter((entry) => entry.isFile()).map(({ name }) => join(folder, rule.name, name));
    const name = ruleName(kind, decodeURIComponent(rule.name));
    found.push(
      ...(paths.length === 0 ? [{ rule: name, path: "" }] : paths.map((path) => ({ rule: name, path }))),
    );
  }
  return found;
}

/** A Suricata rule by its sid alone is one of generator 1. */
function ruleName(kind: RuleKind, name: string): string {
  return kind === "suricata" && /^\d+$/.test(name) ? `1:${name}` : name;
}
