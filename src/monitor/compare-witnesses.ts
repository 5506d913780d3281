/** What witnesses were shown, asked from them without the log's help: a log that shows them another history is convicted by it. */
import { hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import { sha256 } from "../core/encoding/sha256.js";
import { limits } from "../core/limits.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { parseNote } from "../core/log/note.js";
import { requireOneHistory } from "../core/log/one-history.js";
import type { TileReader } from "../core/log/tiles.js";
import { verifyLogSignature } from "../core/log/verify-checkpoint.js";
import { type LookState, convict } from "./look-at-log.js";
import { remoteFiles } from "./remote-files.js";

/** SPEC §11.11.8. A witness that does not answer, or has seen nothing yet, is said to be so. */
export async function compareWitnesses(state: LookState, tiles: TileReader): Promise<void> {
  const { context } = state;
  const path = `${hexText(await sha256(utf8Bytes(context.key.name)))}/checkpoint`;
  for (const { name, url } of context.policy?.witnesses ?? []) {
    if (url === undefined || state.memory.checkpoint === null || state.memory.fork !== null) continue;
    try {
      const bytes = await remoteFiles(context.fetcher, url).read(path, limits.noteBytesMax);
      await compareView(state, name, bytes, tiles);
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      state.unreached.push(`witness ${name}: ${error.code}: ${error.message}`);
    }
  }
}

/** What the witness says counts for the log's own signature under it. */
async function compareView(
  state: LookState,
  name: string,
  bytes: Uint8Array,
  tiles: TileReader,
): Promise<void> {
  const { key } = state.context;
  const note = parseNote(bytes);
  const offered = await verifyLogSignature(note, { logs: [{ key }] });
  const seenNote = parseNote(utf8Bytes(state.memory.checkpoint as string));
  try {
    await requireOneHistory({ seen: parseCheckpoint(seenNote.text), offered, readTile: tiles });
  } catch (error) {
    if (!(error instanceof RulemintError) || error.code !== "LOG_FORK") throw error;
    await convict(state, `witness ${name}`, seenNote, note, error.message);
  }
}
