/** What new entries say, what of it nobody announced, and what of it contradicts what the log said before. */
import { type ErrorCode, RulemintError } from "../core/errors.js";
import {
  type ReleaseLogEntry,
  type UnknownEntry,
  parseReleaseLogEntry,
} from "../core/log/release-entries.js";
import type { SeenEntry } from "./model.js";
import type { Memory } from "./memory.js";

export interface Finding {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface Judged {
  readonly seen: readonly SeenEntry[];
  readonly findings: readonly Finding[];
  readonly memory: Pick<Memory, "heartbeat" | "logged">;
}

/** The first entries of a log that nobody followed before are what everything later is held against. */
export function judgeEntries(
  entries: readonly { readonly index: number; readonly bytes: Uint8Array }[],
  before: Memory,
  expected: ReadonlySet<string>,
): Judged {
  const [seen, findings]: [SeenEntry[], Finding[]] = [[], []];
  const logged: Record<string, string> = { ...before.logged };
  let { heartbeat } = before;
  for (const { index, bytes } of entries) {
    let entry: ReleaseLogEntry | UnknownEntry;
    try {
      entry = parseReleaseLogEntry(bytes);
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      findings.push({ code: error.code, message: `entry ${index}: ${error.message}` });
      continue;
    }
    seen.push({ index, entry });
    if (entry.kind === "heartbeat") {
      heartbeat = { time: entry.time, intervalSeconds: entry.intervalSeconds };
    }
    findings.push(...remember(index, entry, logged));
    if (before.checkpoint !== null) findings.push(...unannounced(index, entry, expected));
  }
  return { seen, findings, memory: { heartbeat, logged } };
}

/** SPEC §11.11.4: one name, one digest, for ever. */
function remember(
  index: number,
  entry: ReleaseLogEntry | UnknownEntry,
  logged: Record<string, string>,
): Finding[] {
  const [name, sha256] = named(entry);
  if (name === undefined) return [];
  const before = logged[name];
  logged[name] = sha256;
  if (before === undefined || before === sha256 || entry.kind === "withdrawal") return [];
  const message = `entry ${index}: expected one ${name} in the log, got a second one of sha256 ${sha256} after ${before}`;
  return [{ code: "LOG_ENTRY_MISMATCH", message }];
}

function named(entry: ReleaseLogEntry | UnknownEntry): [string, string] | [undefined, ""] {
  switch (entry.kind) {
    case "release":
      return [`release/${entry.feed}/${entry.release}`, entry.manifestSha256];
    case "withdrawal":
      return [`withdrawal/${entry.feed}/${entry.release}`, entry.time];
    case "root":
    case "targets":
      return [`${entry.kind}/${entry.version}`, entry.sha256];
    default:
      return [undefined, ""];
  }
}

/** SPEC §11.11.5: what changes who may speak, or takes a release back, must have been announced. */
function unannounced(
  index: number,
  entry: ReleaseLogEntry | UnknownEntry,
  expected: ReadonlySet<string>,
): Finding[] {
  const id = expectedID(entry);
  if (id === undefined) return [];
  const kind = entry.kind === "unknown" ? entry.name : entry.kind;
  if (expected.has(kind) || expected.has(`${kind}:${id}`)) return [];
  return [{ code: "LOG_ENTRY_UNEXPECTED", message: `entry ${index}: nobody announced ${kind} ${id}` }];
}

/** What stands behind the colon in `--expect KIND:ID`. Undefined for kinds that nobody announces. */
function expectedID(entry: ReleaseLogEntry | UnknownEntry): string | undefined {
  switch (entry.kind) {
    case "root":
    case "targets":
    case "policy":
      return entry.sha256;
    case "withdrawal":
      return `${entry.feed}/${entry.release}`;
    case "emergency":
      return entry.submissionDigest;
    case "unknown":
      return entry.time;
    default:
      return undefined;
  }
}
