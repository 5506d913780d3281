/** A folder for one piece of work, gone when it ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeError } from "./durable-files.js";

/** `name`: whose it is, for people who find it while it is there. @throws what `work` throws; OperationError STORE_FULL, STORE_FAILED */
export async function inScratchFolder<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `rulemint-${name}-`)).catch((cause: unknown) => {
    throw storeError(cause, `making a folder for ${name}`);
  });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
