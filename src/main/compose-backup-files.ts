/**
 * Which files of a data folder go into a backup, and which of them have to be of one instant.
 *
 * Objects and packs are written once and named by their content, so they are copied last, as they are. Everything else that is published
 * or signed must fit to the records: it is copied together with them, again and again until nothing has moved meanwhile. The access log
 * may be ahead of the records and never behind them: it is copied after them, its heads first.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { storeError, systemCode } from "../adapters/durable-files.js";
import { snapshotSQLite } from "../adapters/records/sqlite-snapshot.js";
import { OperationError } from "../core/errors.js";
import { recordsFile } from "./compose-records.js";

/** Made anew, secret in the clear, or of another machine. */
const leftOut = ["compile-cache", "spool", "offline", "overseer", "tokens"];
/** Only ever added to, under names that say what they hold. */
const writtenOnce = ["objects", "public/targets"];
const afterRecords = ["access-log"];
const triesMax = 40;
const pauseMs = 250;

const isTransient = (name: string): boolean =>
  name.startsWith(".tmp-") ||
  name === "lock" ||
  name.endsWith(".lock") ||
  /\.sqlite-(wal|shm|journal)$/.test(name);

export interface FoundFile {
  /** Relative to the data folder, forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly mode: number;
  /** Changes whenever the file does. */
  readonly mark: string;
}

/** Copies into `staging` what has to be of one instant. @throws OperationError STORE_FAILED when the folder never rests */
export async function stageInstant(
  data: string,
  staging: string,
  named: readonly string[],
  snapshot: (into: string) => Promise<void>,
): Promise<FoundFile[]> {
  for (let tries = 1; ; tries++) {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o700 });
    const before = await listInstant(data, named);
    const copied = await copyAll(data, staging, before);
    const others = before.filter((file) => isRecords(file) && file.path !== recordsFile);
    for (const { path } of others) snapshotSQLite(join(data, path), join(staging, path));
    await snapshot(join(staging, recordsFile));
    const after = await listInstant(data, named);
    if (copied && fingerprint(before) === fingerprint(after)) return withRecords(before, staging);
    if (tries === triesMax) {
      throw new OperationError(
        "STORE_FAILED",
        `expected the data folder to rest for a moment, got ${tries} changes`,
      );
    }
    await pause(pauseMs);
  }
}

/** The snapshot stands for the file of the data folder, where there is one. */
async function withRecords(files: readonly FoundFile[], staging: string): Promise<FoundFile[]> {
  const records = (await describe(staging, recordsFile)).map((file) => ({ ...file, mode: 0o600 }));
  return [...files.filter(({ path }) => path !== recordsFile), ...records];
}

/** What is copied after the records, in the order in which it must be read. */
export async function listLater(data: string): Promise<FoundFile[]> {
  const all = [...(await listFiles(data, afterRecords)), ...(await listFiles(data, writtenOnce))];
  const isHead = ({ path }: FoundFile) => /\/(signed|checkpoint|journal)$/.test(path);
  const rest = all.filter((file) => !isHead(file));
  return [...all.filter(isHead), ...rest.filter((file) => !isRecords(file)), ...rest.filter(isRecords)];
}

/** A folder that is left out comes along all the same where the configuration names it: a witness of a development set-up. */
async function listInstant(data: string, named: readonly string[]): Promise<FoundFile[]> {
  const without = [...leftOut.filter((folder) => !named.includes(folder)), ...writtenOnce, ...afterRecords];
  return listFiles(data, ["."], without);
}

const isRecords = ({ path }: FoundFile): boolean => path.endsWith(".sqlite");

/** The records change with every request; what they must fit to is the rest. */
function fingerprint(files: readonly FoundFile[]): string {
  const hash = createHash("sha256");
  for (const file of files) if (!isRecords(file)) hash.update(`${file.path}\0${file.mark}\n`);
  return hash.digest("hex");
}

async function listFiles(
  data: string,
  folders: readonly string[],
  without: readonly string[] = [],
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(join(data, path), { withFileTypes: true }).catch((cause: unknown) => {
      if (systemCode(cause) === "ENOENT") return [];
      throw storeError(cause, `listing ${path}`);
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = path === "." ? entry.name : `${path}/${entry.name}`;
      if (isTransient(entry.name) || without.includes(inner)) continue;
      if (entry.isDirectory()) await walk(inner);
      if (entry.isFile()) found.push(...(await describe(data, inner)));
    }
  };
  for (const folder of folders) await walk(folder);
  return found;
}

/** Nothing for a file that has just gone. */
async function describe(data: string, path: string): Promise<FoundFile[]> {
  try {
    const { size, mode, ino, mtimeNs } = await stat(join(data, path), { bigint: true });
    const mark = `${size} ${ino} ${mtimeNs}`;
    return [{ path, bytes: Number(size), mode: Number(mode) & 0o777, mark }];
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw storeError(cause, `reading ${path}`);
  }
}

/** False when a file went meanwhile. */
async function copyAll(data: string, staging: string, files: readonly FoundFile[]): Promise<boolean> {
  try {
    for (const file of files.filter((one) => !isRecords(one))) {
      await mkdir(dirname(join(staging, file.path)), { recursive: true, mode: 0o700 });
      await copyFile(join(data, file.path), join(staging, file.path));
    }
    return true;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw storeError(cause, "copying the data folder");
  }
}
