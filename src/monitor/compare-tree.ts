/**
 * The public tree against the log. Everything that endpoints are asked to trust must stand in the log, with the very digest; a
 * manifest is there before it is public, a root or targets file within a minute.
 */
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { limits } from "../core/limits.js";
import { parseEnvelope, parseSnapshot, parseTimestamp } from "../core/trust/metadata.js";
import type { Finding } from "./judge-entries.js";
import type { Memory } from "./memory.js";
import type { RemoteFiles } from "./remote-files.js";

/** `name` as in `Memory.logged`. */
export interface ShownFile {
  readonly name: string;
  readonly group: string;
  readonly version: number;
  /** Undefined when the tree has no such file. */
  readonly sha256: string | undefined;
}

const graceSeconds = 120;

/**
 * What the tree shows beyond what was compared before. To be read before the log's checkpoint is: then the log has had its time.
 * @throws OperationError FETCH_*; VerificationError METADATA_MALFORMED, FETCH_TOO_LARGE
 */
export async function shownFiles(tree: RemoteFiles, { compared }: Memory): Promise<ShownFile[]> {
  const read = (name: string) => tree.read(`metadata/${name}`, limits.targetsBytesMax);
  const timestamp = parseTimestamp(parseEnvelope(await read("timestamp.json"), "timestamp").signed);
  const name = `${timestamp.snapshot.version}.snapshot.json`;
  const snapshot = parseSnapshot(parseEnvelope(await read(name), "snapshot").signed);
  const shown: ShownFile[] = [];
  const look = async (group: string, version: number, named: string) => {
    const bytes = await tree.find(`metadata/${version}.${group}.json`, limits.targetsBytesMax);
    const digest = bytes && hexText(await sha256(bytes));
    shown.push({ name: `${named}/${version}`, group, version, sha256: digest });
    return bytes !== undefined;
  };
  for (const [file, { version }] of snapshot.files) {
    const group = file.replace(/\.json$/, "");
    const first = (compared[group] ?? 0) + 1;
    for (let one = first; one <= version; one++) {
      // Of targets only the newest need be there: a ceremony may take several steps before one is published.
      if (group !== "targets" || one === version) {
        await look(group, one, group === "targets" ? "targets" : `release/${group}`);
      }
    }
  }
  for (let version = (compared.root ?? 0) + 1; await look("root", version, "root"); version++);
  return shown.filter(({ group, sha256 }) => group !== "root" || sha256 !== undefined);
}

export interface Compared {
  readonly findings: readonly Finding[];
  readonly memory: Pick<Memory, "compared" | "unlogged">;
}

/** SPEC §11.11.6. `memory` is as it is after the log was read. */
export function compareShown(shown: readonly ShownFile[], memory: Memory, now: Date): Compared {
  const findings: Finding[] = [];
  const compared: Record<string, number> = { ...memory.compared };
  const unlogged: Record<string, string> = {};
  for (const file of shown) {
    const judged = judge(file, memory);
    if (judged?.code === "MANIFEST_UNLOGGED") {
      const since = memory.unlogged[file.name] ?? now.toISOString();
      unlogged[file.name] = since;
      const waits = !file.name.startsWith("release/") && seconds(since, now) < graceSeconds;
      if (!waits) findings.push(judged);
      continue;
    }
    if (judged !== undefined) findings.push(judged);
    // What is not in the log is looked at again; what is, was compared once and for all.
    const held = Object.keys(unlogged).some((name) => name.startsWith(prefixOf(file)));
    if (!held) compared[file.group] = Math.max(compared[file.group] ?? 0, file.version);
  }
  return { findings, memory: { compared, unlogged } };
}

const prefixOf = ({ name }: ShownFile): string => name.slice(0, name.lastIndexOf("/") + 1);
const seconds = (since: string, now: Date): number => (now.getTime() - Date.parse(since)) / 1000;

function judge(file: ShownFile, { logged }: Memory): Finding | undefined {
  const { name, sha256 } = file;
  const known = logged[name];
  if (sha256 === undefined) {
    if (known === undefined || logged[name.replace("release/", "withdrawal/")] !== undefined)
      return undefined;
    const message = `expected ${name}, which the log has, in the public tree, got none`;
    return { code: "LOG_ENTRY_MISMATCH", message };
  }
  if (known === undefined) {
    // Releases of the time before there was a log.
    const first = firstLogged(logged, prefixOf(file));
    if (name.startsWith("release/") && first !== undefined && file.version < first) return undefined;
    const message = `expected ${name} of the public tree, sha256 ${sha256}, in the log, got no entry`;
    return { code: "MANIFEST_UNLOGGED", message };
  }
  if (known === sha256) return undefined;
  const message = `expected ${name} of sha256 ${known}, as the log has it, got ${sha256} in the public tree`;
  return { code: "LOG_ENTRY_MISMATCH", message };
}

function firstLogged(logged: Memory["logged"], prefix: string): number | undefined {
  const versions = Object.keys(logged).filter((name) => name.startsWith(prefix));
  if (versions.length === 0) return undefined;
  return Math.min(...versions.map((name) => Number(name.slice(prefix.length))));
}
