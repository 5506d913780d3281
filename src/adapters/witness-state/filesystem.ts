/** One file a log, named by the SHA-256 of its origin. A swap compares and renames under a lock that processes share. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes } from "../../core/encoding/bytes.js";
import { quote } from "../../core/errors.js";
import type { WitnessState } from "../../ports/witness-state.js";
import {
  makeFolderDurably,
  storeError,
  sweepTemporaries,
  systemCode,
  writeFileDurably,
} from "../durable-files.js";
import { acquireFileLock } from "../file-lock.js";

/** Creates the folder where it is missing. @throws OperationError STORE_FULL, STORE_FAILED */
export async function openFilesystemWitnessState(folder: string): Promise<WitnessState> {
  await makeFolderDurably(folder);
  await sweepTemporaries(folder);
  let turn: Promise<unknown> = Promise.resolve();
  const read = async (origin: string): Promise<Uint8Array | undefined> => {
    try {
      return new Uint8Array(await readFile(fileOf(folder, origin)));
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw storeError(cause, `reading the state of ${quote(origin)}`);
    }
  };
  const swap = async (
    origin: string,
    expected: Uint8Array | undefined,
    next: Uint8Array,
  ): Promise<boolean> => {
    const unlock = await acquireFileLock(join(folder, "lock"));
    try {
      const found = await read(origin);
      const same = expected === undefined ? found === undefined : found && equalBytes(found, expected);
      if (same !== true) return false;
      await writeFileDurably(fileOf(folder, origin), next);
      return true;
    } finally {
      await unlock();
    }
  };
  return {
    read,
    swap: (origin, expected, next) => {
      const mine = turn.then(() => swap(origin, expected, next));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

function fileOf(folder: string, origin: string): string {
  return join(folder, `${createHash("sha256").update(origin).digest("hex")}.checkpoint`);
}
