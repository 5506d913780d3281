/**
 * One look at a log (SPEC §11.11): its newest checkpoint, held against everything seen before, and every entry below it. What is
 * found is written down before anybody is told (SPEC §11.11.9), so that no crash swallows an alarm.
 */
import { equalBytes, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { type Checkpoint, parseCheckpoint } from "../core/log/checkpoint.js";
import { type Note, formatNote, parseNote } from "../core/log/note.js";
import { requireOneHistory } from "../core/log/one-history.js";
import { readEntries, tileReader } from "../core/log/read-log.js";
import { type TileReader, checkpointName } from "../core/log/tiles.js";
import { provenCosignatures, requireQuorum, verifyLogSignature } from "../core/log/verify-checkpoint.js";
import { limits } from "../core/limits.js";
import { formatTime } from "../core/trust/metadata.js";
import { type ShownFile, compareShown, shownFiles } from "./compare-tree.js";
import { compareWitnesses } from "./compare-witnesses.js";
import { type Finding, judgeEntries } from "./judge-entries.js";
import { type Memory, edgesOf, readMemory, treeOf, writeMemory } from "./memory.js";
import type { Alarm, Look, MonitorContext, SeenEntry } from "./model.js";
import { type RemoteFiles, remoteFiles } from "./remote-files.js";
import { shoutable } from "./standing-alarms.js";

/** Of a tile, or of a full bundle of small entries. */
const tileBytesMax = 256 * 65_537;

/** In the making. */
export interface LookState {
  readonly context: MonitorContext;
  memory: Memory;
  readonly findings: (Finding & { readonly evidence?: readonly string[] })[];
  readonly unreached: string[];
  readonly seen: SeenEntry[];
}

/** @throws UsageError USAGE; OperationError STATE_CORRUPT, STORE_FAILED: nothing was forgotten */
export async function lookAtLog(context: MonitorContext): Promise<Look> {
  const memory = await readMemory(context);
  const state: LookState = { context, memory, findings: [], unreached: [], seen: [] };
  const log = remoteFiles(context.fetcher, context.url);
  const tiles = tileReader((name) => log.find(name, tileBytesMax));
  if (memory.fork === null) {
    // The tree first: what is public by now is in the log by then.
    const shown = await reached(state, "the public tree", () => readTree(state));
    await reached(state, "the log", () => readNewest(state, log, tiles));
    if (shown !== undefined) compare(state, shown);
    await compareWitnesses(state, tiles);
    requireLife(state);
  }
  const { alarms, fresh, memory: after } = shoutable(state, formatTime(context.clock.now()));
  await writeMemory(context, after);
  const head =
    after.checkpoint === null ? undefined : parseCheckpoint(parseNote(utf8Bytes(after.checkpoint)).text);
  return { head, entries: state.seen, alarms, fresh, unreached: state.unreached };
}

/** The alarms were shouted. */
export async function markTold(context: MonitorContext): Promise<void> {
  await writeMemory(context, { ...(await readMemory(context)), untold: [] });
}

/** Wrong bytes are an alarm; a world that does not answer is none by itself, and silence is judged by its length. */
async function reached<T>(state: LookState, what: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    if (error instanceof VerificationError) {
      state.findings.push({ code: error.code, message: `${what}: ${error.message}` });
    } else state.unreached.push(`${what}: ${error.code}: ${error.message}`);
    return undefined;
  }
}

async function readTree({ context, memory }: LookState): Promise<ShownFile[] | undefined> {
  if (context.tree === undefined) return undefined;
  return shownFiles(remoteFiles(context.fetcher, context.tree), memory);
}

async function readNewest(state: LookState, log: RemoteFiles, tiles: TileReader): Promise<void> {
  const { key, policy, clock } = state.context;
  const note = parseNote(await log.read(checkpointName, limits.noteBytesMax));
  // SPEC §11.11.1: a key that is not the pinned one says nothing about this log.
  const offered = await verifyLogSignature(note, { logs: [{ key }] });
  if (!(await continues(state, note, offered, tiles))) return;
  await readNew(state, note, offered, tiles);
  if (policy === undefined) return;
  const demand = { policy, now: clock.now() };
  const cosignatures = await provenCosignatures(note, demand);
  requireQuorum(cosignatures, { ...demand, cosignatureSecondsMax: staleAfter(state) });
}

/** SPEC §11.11.2. False when nothing may be read under the offered checkpoint. */
async function continues(
  state: LookState,
  note: Note,
  offered: Checkpoint,
  tiles: TileReader,
): Promise<boolean> {
  const { memory } = state;
  if (memory.checkpoint === null) return true;
  const seenNote = parseNote(utf8Bytes(memory.checkpoint));
  const seen = parseCheckpoint(seenNote.text);
  try {
    await requireOneHistory({ seen, offered, readTile: tiles });
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    if (error.code === "LOG_FORK") {
      await convict(state, "the log", seenNote, note, error.message);
      return false;
    }
    if (offered.size >= seen.size) throw error;
  }
  if (offered.size >= seen.size) return true;
  const evidence = await keepBoth(state, "rewound", seenNote, note);
  const message = `expected a tree of ${seen.size} entries or more, got one of ${offered.size}`;
  state.findings.push({ code: "LOG_REWOUND", message, evidence });
  return false;
}

/** SPEC §11.11.3: from here on this log counts for nothing. */
export async function convict(
  state: LookState,
  who: string,
  seen: Note,
  offered: Note,
  message: string,
): Promise<void> {
  const evidence = await keepBoth(state, "fork", seen, offered);
  const at = formatTime(state.context.clock.now());
  const fork: Alarm = { code: "LOG_FORK", message: `${who}: ${message}`, at, evidence };
  state.memory = { ...state.memory, fork };
}

async function keepBoth({ context }: LookState, what: string, seen: Note, offered: Note): Promise<string[]> {
  const at = formatTime(context.clock.now()).toLowerCase().replace(/[:]/g, "");
  const names = ["seen", "offered"].map((which) => `${what}-${at}-${which}.checkpoint`);
  await context.files.write(names[0] as string, formatNote(seen));
  await context.files.write(names[1] as string, formatNote(offered));
  return names;
}

/** Every entry, from the right edge of the tree as it was on: that the root comes out proves them, and the growth. */
async function readNew(state: LookState, note: Note, offered: Checkpoint, tiles: TileReader): Promise<void> {
  const { context, memory } = state;
  const tree = treeOf(memory, context.digest);
  const entries: { index: number; bytes: Uint8Array }[] = [];
  const span = { start: memory.size, end: offered.size, size: offered.size };
  if (offered.size > memory.size) {
    for await (const bytes of readEntries(tiles, span)) {
      entries.push({ index: tree.size, bytes });
      tree.append(bytes);
    }
  }
  if (!equalBytes(tree.head().root, offered.root)) {
    const message = `expected entries that make the root of ${offered.size}, got others`;
    throw new VerificationError("LOG_CONSISTENCY_FAILED", message);
  }
  const judged = judgeEntries(entries, memory, context.expected);
  state.seen.push(...judged.seen);
  state.findings.push(...judged.findings);
  const { size } = offered;
  const checkpoint = utf8Text(formatNote(note));
  state.memory = { ...memory, ...judged.memory, checkpoint, size, edges: edgesOf(tree) };
}

function compare(state: LookState, shown: readonly ShownFile[]): void {
  const { findings, memory } = compareShown(shown, state.memory, state.context.clock.now());
  state.findings.push(...findings);
  state.memory = { ...state.memory, ...memory };
}

/** SPEC §11.11.7: silence longer than the log's own interval allows is an alarm, whoever is to blame. */
function requireLife(state: LookState): void {
  const { heartbeat } = state.memory;
  if (heartbeat === null) return;
  const age = Math.floor((state.context.clock.now().getTime() - Date.parse(heartbeat.time)) / 1000);
  const most = staleAfter(state) as number;
  if (age <= most) return;
  const message = `expected a heartbeat in the last ${most} seconds, got the latest at ${heartbeat.time}`;
  state.findings.push({ code: "LOG_SILENT", message });
}

function staleAfter({ context, memory }: LookState): number | undefined {
  const { heartbeat } = memory;
  return context.staleSeconds ?? (heartbeat === null ? undefined : 2 * heartbeat.intervalSeconds + 60);
}
