/**
 * A lock between processes of one machine that frees itself when its holder dies, kill -9 included.
 *
 * The lock is a file, created by `link` so that it appears whole, holding the holder's process id, that
 * process's start time and a nonce. A lock whose process is gone is broken by whoever holds the lock named
 * after its nonce, so that two breakers can never remove a third party's fresh lock.
 */
import { randomUUID } from "node:crypto";
import { link, readFile, unlink, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { OperationError, quote } from "../core/errors.js";
import { storeError, systemCode } from "./durable-files.js";

interface Holder {
  readonly pid: number;
  /** Clock ticks since boot, from `/proc/<pid>/stat`; null where there is no `/proc`. */
  readonly started: string | null;
  /** Of the kernel's start; absent in locks from before it was written, and where there is no `/proc`. */
  readonly boot?: string;
  readonly nonce: string;
}

export interface LockOptions {
  /** How often to ask again, and how many times, before STATE_LOCKED. One try means: do not wait. */
  readonly tries?: number;
  readonly pauseMs?: number;
}

export type Unlock = () => Promise<void>;

/** SPEC §8.1.4. @throws OperationError STATE_LOCKED when a living process keeps it; STORE_FULL, STORE_FAILED */
export async function acquireFileLock(path: string, options: LockOptions = {}): Promise<Unlock> {
  const tries = options.tries ?? 500;
  const boot = await bootID();
  const own: Holder = {
    ...{ pid: process.pid, started: await startTime(process.pid) },
    ...(boot !== undefined && { boot }),
    nonce: randomUUID(),
  };
  const temporary = `${path}.tmp-${own.nonce}`;
  try {
    await writeFile(temporary, JSON.stringify(own), { flag: "wx" });
    try {
      for (let attempt = 1; ; attempt++) {
        if (await linked(temporary, path)) return () => unlink(path);
        const holder = await readHolder(path);
        if (holder !== undefined && !(await isAlive(holder))) {
          await breakLock(path, holder, options);
        } else if (attempt >= tries) {
          throw new OperationError(
            "STATE_LOCKED",
            `expected ${quote(path)} to be free, got process ${holder?.pid ?? "unknown"} holding it`,
          );
        } else {
          await pause(options.pauseMs ?? 20);
        }
      }
    } finally {
      await unlink(temporary);
    }
  } catch (cause) {
    throw storeError(cause, `locking ${quote(path)}`);
  }
}

/** Whether a living process keeps it, right now. */
export async function isLockHeld(path: string): Promise<boolean> {
  const holder = await readHolder(path);
  return holder !== undefined && (await isAlive(holder));
}

async function breakLock(path: string, dead: Holder, options: LockOptions): Promise<void> {
  const unlock = await acquireFileLock(`${path}.${dead.nonce}`, options);
  try {
    if ((await readHolder(path))?.nonce === dead.nonce) await unlink(path);
  } finally {
    await unlock();
  }
}

async function linked(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when the lock was freed in between. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    // After a power cut the file may be empty: no process of this boot wrote that, nobody holds it.
    if (error instanceof SyntaxError) return { pid: 0, started: null, nonce: "unreadable" };
    throw error;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (!Number.isSafeInteger(holder.pid) || holder.pid <= 0) return false;
  // A service that comes up at every start may well get the same id at the same tick.
  if (holder.boot !== undefined && holder.boot !== (await bootID())) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return false;
  }
  // Process ids come round again: the same id with another start time is somebody else.
  const started = await startTime(holder.pid);
  return holder.started === null || started === null || started === holder.started;
}

/** Field 22 of proc(5) stat; the command in field 2 may hold spaces and brackets, so count from its end. */
async function startTime(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ESRCH") return null;
    throw error;
  }
}

async function bootID(): Promise<string | undefined> {
  try {
    return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
