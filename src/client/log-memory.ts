/**
 * What the endpoint has seen of each log: `log.json`, the largest checkpoint that it accepted. A log that contradicts it is
 * convicted by its own signatures: both checkpoints are kept as files, and nothing that this log vouches for is used any more.
 */
import { utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { isJSONObject, parseJSON } from "../core/encoding/json.js";
import { RulemintError, VerificationError, quote } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { type LogPolicy, parseLogPolicy } from "../core/log/log-policy.js";
import { parseLogProof } from "../core/log/log-proof.js";
import { type Note, formatNote, parseNote } from "../core/log/note.js";
import { requireOneHistory } from "../core/log/one-history.js";
import { tileReader } from "../core/log/read-log.js";
import type { TileReader } from "../core/log/tiles.js";
import { formatVerifierKey } from "../core/log/verifier-key.js";
import { verifyLogSignature } from "../core/log/verify-checkpoint.js";
import { formatTime } from "../core/trust/metadata.js";
import type { ProvenRelease, SignaturePolicy } from "../core/trust/model.js";
import type { LogClaim, LogHistory } from "../core/trust/verify-logged.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { PublicTreeReader } from "./fetch-file.js";
import type { LogFork } from "./model.js";
import type { StateKeeper } from "./state.js";

const fileName = "log.json";
/** Of a tile, or a full bundle of small entries. */
const tileBytesMax = 256 * 65_537;

/** The log that the policy asks for; undefined when it asks for none. @throws VerificationError LOG_POLICY_MALFORMED */
export function logPolicyOf({ log }: SignaturePolicy): LogPolicy | undefined {
  return log === undefined || log === "not-required-unsafe" ? undefined : parseLogPolicy(log.policy);
}

/** Tiles of the log beside the public tree. */
export function treeTiles(tree: PublicTreeReader): TileReader {
  return tileReader((name) => tree.find(`log/${name}`, tileBytesMax));
}

/** What was seen, for whoever judges something new. A lost or damaged file is as if nothing was seen. */
export async function logHistory(files: EndpointFiles, tree: PublicTreeReader): Promise<LogHistory> {
  const notes = await readNotes(files);
  return {
    seen: (origin) => {
      const note = notes.get(origin);
      return note && parseCheckpoint(note.text);
    },
    readTile: treeTiles(tree),
  };
}

/** The checkpoint of a proven release, if it is the largest by now. */
export async function rememberCheckpoint(files: EndpointFiles, { log }: ProvenRelease): Promise<void> {
  if (log === undefined) return;
  const { origin, size, note } = log.checkpoint;
  const notes = await readNotes(files);
  const before = notes.get(origin);
  if (before !== undefined && parseCheckpoint(before.text).size >= size) return;
  notes.set(origin, note);
  const logs = Object.fromEntries([...notes].map(([name, one]) => [name, utf8Text(formatNote(one))]));
  await files.write(fileName, utf8Bytes(`${JSON.stringify({ schema: 1, logs }, null, 2)}\n`));
}

/** SPEC §11.10.3: after a proof of two histories, nothing of that log counts, until the policy pins another key. @throws VerificationError LOG_FORK */
export function requireUnforked({ now: { logFork } }: StateKeeper, policy: SignaturePolicy): void {
  const logs = logPolicyOf(policy)?.logs ?? [];
  if (!logFork || !logs.some(({ key }) => formatVerifierKey(key) === logFork.vkey)) return;
  throw new VerificationError(
    "LOG_FORK",
    `expected a log with one history, got ${quote(logFork.origin)}, which showed two: see ${logFork.files.join(" and ")}`,
  );
}

/** SPEC §11.10.3: both checkpoints become files; from now on `status` shows them. */
export async function keepFork(
  { files, state, now }: { files: EndpointFiles; state: StateKeeper; now: Date },
  policy: SignaturePolicy,
  proofText: string,
): Promise<void> {
  const offered = parseLogProof(proofText).checkpoint;
  const { origin } = parseCheckpoint(offered.text);
  const seen = (await readNotes(files)).get(origin);
  const key = logPolicyOf(policy)?.logs.find((one) => one.key.name === origin)?.key;
  if (seen === undefined || key === undefined) return;
  const names = ["fork-seen.checkpoint", "fork-offered.checkpoint"] as const;
  await files.write(names[0], formatNote(seen));
  await files.write(names[1], formatNote(offered));
  const logFork: LogFork = { at: formatTime(now), origin, vkey: formatVerifierKey(key), files: names };
  await state.set({ logFork });
}

/** SPEC §11.10.4: what the log signed convicts it, also where the release is refused for its chain of manifests already. */
export async function orFork(
  error: unknown,
  { evidence, history }: LogClaim,
  policy: SignaturePolicy,
): Promise<unknown> {
  const logs = logPolicyOf(policy);
  const broken = error instanceof RulemintError && error.code === "MANIFEST_CHAIN_BROKEN";
  if (!broken || evidence === undefined || history === undefined || logs === undefined) return error;
  try {
    const offered = await verifyLogSignature(parseLogProof(evidence.proof).checkpoint, logs);
    const [seen, { readTile }] = [history.seen(offered.origin), history];
    if (seen !== undefined) await requireOneHistory({ seen, offered, given: evidence.consistency, readTile });
    return error;
  } catch (other) {
    // Everything else about this log is of less weight than the chain.
    return other instanceof RulemintError && other.code === "LOG_FORK" ? other : error;
  }
}

async function readNotes(files: EndpointFiles): Promise<Map<string, Note>> {
  const notes = new Map<string, Note>();
  const bytes = await files.read(fileName);
  if (bytes === undefined) return notes;
  try {
    const document = parseJSON(bytes);
    const logs = isJSONObject(document) && isJSONObject(document.logs) ? document.logs : {};
    for (const [origin, note] of Object.entries(logs)) {
      const parsed = parseNote(utf8Bytes(String(note)));
      if (parseCheckpoint(parsed.text).origin !== origin)
        throw new VerificationError("NOTE_MALFORMED", origin);
      notes.set(origin, parsed);
    }
    return notes;
  } catch (error) {
    if (error instanceof RulemintError) return new Map();
    throw error;
  }
}

/** The newest checkpoint that the tree shows. @throws OperationError FETCH_*; VerificationError NOTE_MALFORMED */
export async function newestCheckpoint(tree: PublicTreeReader): Promise<Note> {
  return parseNote(await tree.read("log/checkpoint", limits.noteBytesMax));
}
