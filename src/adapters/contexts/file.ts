/** Contexts of one person on this machine: one file that only that person can read, replaced as a whole. */
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { OperationError, quote } from "../../core/errors.js";
import { storeError, systemCode, writeFileDurably } from "../durable-files.js";

export interface KeptContext {
  readonly server: string;
  readonly token: string;
  /** Null for a token whose end we do not know. */
  readonly expiresAt: string | null;
  /** For a new token without a new login. */
  readonly renewal: {
    readonly issuer: string;
    readonly clientID: string;
    readonly audience: string;
    readonly token: string;
  } | null;
}

export interface KeptContexts {
  readonly schema: 1;
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, KeptContext>>;
}

const none: KeptContexts = { schema: 1, current: null, contexts: {} };

/** @throws OperationError STATE_CORRUPT for a file that is none of ours; STORE_FAILED */
export async function readContexts(path: string): Promise<KeptContexts> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return none;
    throw storeError(cause, `reading ${quote(path)}`);
  }
  try {
    const found = JSON.parse(text) as KeptContexts;
    if (found.schema === 1 && typeof found.contexts === "object") return found;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new OperationError("STATE_CORRUPT", `expected contexts in ${quote(path)}, got something else`);
}

/** @throws OperationError STORE_FULL, STORE_FAILED */
export async function writeContexts(path: string, contexts: KeptContexts): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, new TextEncoder().encode(`${JSON.stringify(contexts, null, 2)}\n`), {
    mode: 0o600,
  });
}
