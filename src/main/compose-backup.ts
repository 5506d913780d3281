/**
 * `rulemint backup`: a data folder as one tar archive, while the service runs. Its last member, `backup.json`, holds the size, mode and
 * SHA-256 of all others. It holds the keys, so nobody but its owner may read it.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, mkdtemp, open, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  discardTemporary,
  openTemporary,
  replaceFile,
  storeError,
  systemCode,
} from "../adapters/durable-files.js";
import { snapshotSQLite } from "../adapters/records/sqlite-snapshot.js";
import type { BackupOptions } from "../cli/backup-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import { tarEnd, tarHeader, tarPadding } from "../core/encoding/tar.js";
import { OperationError, quote, UsageError } from "../core/errors.js";
import { version } from "../core/version.js";
import { type FoundFile, listLater, stageInstant } from "./compose-backup-files.js";
import { snapshotRecords } from "./compose-records.js";
import { storedElsewhere } from "./compose-storage.js";
import { type Configuration, configurationFile, readConfiguration } from "./configuration.js";
import { tellAccessLog } from "./tell-access-log.js";

export const indexName = "backup.json";

export interface BackupIndex {
  readonly schema: 1;
  readonly program: string;
  readonly createdAt: string;
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly mode: number;
    readonly sha256: string;
  }[];
}

const pieceBytes = 1024 * 1024;

/** @throws UsageError USAGE for a folder that is none of ours; OperationError STORE_FULL, STORE_FAILED */
export async function backup(options: BackupOptions, progress: Progress): Promise<Report> {
  const data = resolve(options.data);
  const out = resolve(options.out);
  if (!existsSync(join(data, configurationFile))) {
    throw new UsageError(
      "USAGE",
      `expected a data folder with ${configurationFile}, got ${quote(options.data)}`,
    );
  }
  if (existsSync(out))
    throw new UsageError("USAGE", `expected no file at ${quote(options.out)} yet, got one`);
  // SPEC §13.2.10: everything is about to be read, keys and openings too.
  await tellAccessLog(data, { operation: "backup", target: out });
  const staging = await mkdtemp(join(dirname(out), `.${basename(out)}-`));
  const temporary = await openTemporary(dirname(out));
  try {
    await temporary.handle.chmod(0o600);
    const configuration = readConfiguration(data);
    const instant = await stageInstant(data, staging, namedFolders(configuration), (into) =>
      snapshotRecords(data, configuration, into),
    );
    progress(`${instant.length} files of one instant; copying what was written once`);
    const writer = new ArchiveWriter(temporary.handle);
    for (const file of instant) await writer.add(join(staging, file.path), file);
    for (const file of await listLater(data)) {
      if (file.path.endsWith(".sqlite")) {
        // SPEC §13.2.8: the openings are copied behind the log's heads, so no leaf is without its own.
        await mkdir(dirname(join(staging, file.path)), { recursive: true, mode: 0o700 });
        snapshotSQLite(join(data, file.path), join(staging, file.path));
        await writer.add(join(staging, file.path), file);
        continue;
      }
      await writer.add(join(data, file.path), file).catch((cause: unknown) => {
        // A partial tile that a full one has replaced since it was listed.
        if (systemCode(cause) !== "ENOENT") throw cause;
      });
    }
    const index = await writer.finish(options.now ?? new Date());
    await replaceFile(temporary, out);
    const { size } = await stat(out);
    const { createdAt, files } = index;
    const json = { file: out, bytes: size, files: files.length, createdAt };
    const elsewhere = storedElsewhere(configuration);
    const text = [
      `Wrote ${options.out}: ${json.files} files, ${size} bytes. It holds the service's keys: keep it as you keep them.`,
      ...elsewhere.map((what) => `Not in it: the ${what}. Keep its versions as long as this file.`),
    ].join("\n");
    return { ok: true, json, text };
  } catch (cause) {
    await discardTemporary(temporary);
    throw storeError(cause, `writing ${quote(options.out)}`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Folders at the top of the data folder that the configuration cannot do without. */
function namedFolders({ log }: Configuration): string[] {
  const witnesses = log?.witnesses ?? [];
  return witnesses.flatMap(({ folder }) => (folder === undefined ? [] : [folder.split("/")[0] as string]));
}

class ArchiveWriter {
  readonly #handle: FileHandle;
  readonly #files: BackupIndex["files"][number][] = [];

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The length is that of the moment in which it is opened; a journal may have grown since it was listed. */
  async add(from: string, { path, mode }: FoundFile): Promise<void> {
    const source = await open(from, "r");
    try {
      const bytes = (await source.stat()).size;
      await this.#handle.writeFile(tarHeader(path, bytes));
      const hash = createHash("sha256");
      for (let at = 0; at < bytes; ) {
        const piece = Buffer.alloc(Math.min(pieceBytes, bytes - at));
        const { bytesRead } = await source.read(piece, 0, piece.length, at);
        if (bytesRead === 0)
          throw new OperationError("STORE_FAILED", `expected ${quote(path)} to stay, got less of it`);
        hash.update(piece.subarray(0, bytesRead));
        await this.#handle.writeFile(piece.subarray(0, bytesRead));
        at += bytesRead;
      }
      await this.#handle.writeFile(tarPadding(bytes));
      this.#files.push({ path, bytes, mode, sha256: hash.digest("hex") });
    } finally {
      await source.close();
    }
  }

  async finish(now: Date): Promise<BackupIndex> {
    const program = `rulemint ${version}`;
    const index: BackupIndex = { schema: 1, program, createdAt: now.toISOString(), files: this.#files };
    const bytes = utf8Bytes(`${JSON.stringify(index)}\n`);
    await this.#handle.writeFile(tarHeader(indexName, bytes.length));
    await this.#handle.writeFile(bytes);
    await this.#handle.writeFile(tarPadding(bytes.length));
    await this.#handle.writeFile(tarEnd());
    return index;
  }
}
