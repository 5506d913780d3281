/**
 * `rulemint restore`: a data folder from a backup. Everything is written beside the folder first, held against `backup.json`, and takes its
 * name in one instant: a damaged or cut archive leaves nothing behind.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { chmod, type FileHandle, mkdir, mkdtemp, open, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { makeFolderDurably, storeError, syncFolder } from "../adapters/durable-files.js";
import type { RestoreOptions } from "../cli/backup-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { quote, UsageError, VerificationError } from "../core/errors.js";
import { parseTarHeader, parsePaxRecords } from "../http/tar-header.js";
import { composeAccessLog } from "./compose-access.js";
import { indexName } from "./compose-backup.js";
import { readConfiguration } from "./configuration.js";
import { localActor } from "./tell-access-log.js";

const blockBytes = 512;
const indexBytesMax = 256 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
const pathPattern = /^(?!.*(^|\/)\.{1,2}(\/|$))[^/\0][^\0]*$/;

const index = z.strictObject({
  schema: z.literal(1),
  program: z.string(),
  createdAt: z.string(),
  files: z.array(
    z.strictObject({
      path: z.string().regex(pathPattern),
      bytes: z.number().int().min(0),
      mode: z.number().int().min(0).max(0o777),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

/** @throws UsageError USAGE when the folder has anything in it; VerificationError ARCHIVE_MALFORMED, PATH_UNSAFE; OperationError STORE_* */
export async function restore(options: RestoreOptions, progress: Progress): Promise<Report> {
  const data = resolve(options.data);
  if (existsSync(data) && readdirSync(data).length > 0) {
    throw new UsageError(
      "USAGE",
      `expected an empty folder or none at ${quote(options.data)}, got files in it`,
    );
  }
  await makeFolderDurably(dirname(data));
  const staging = await mkdtemp(join(dirname(data), `.${basename(data)}-`));
  try {
    const source = await open(options.from, "r");
    const unpacked = await new ArchiveReader(source, staging).unpack().finally(() => source.close());
    const { files, createdAt } = await settle(staging, unpacked);
    progress(`${files.length} files are as they were saved`);
    await leaveEntry(staging, `${options.from} of ${createdAt}`);
    if (existsSync(data)) await rmdir(data);
    await rename(staging, data);
    await syncFolder(dirname(data));
    const json = { data, files: files.length, createdAt };
    return { ok: true, json, text: `Restored ${options.data}: ${files.length} files, as of ${createdAt}.` };
  } catch (cause) {
    throw storeError(cause, `restoring ${quote(options.data)}`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** SPEC §13.2.10: the restored log goes on with this. Its key may be in another place, so the entry waits for whoever opens it. */
async function leaveEntry(folder: string, target: string): Promise<void> {
  const { access } = readConfiguration(folder);
  if (access === undefined) return;
  const accessLog = await composeAccessLog(folder, access);
  try {
    await accessLog.leave({
      kind: "local",
      rights: ["operator"],
      from: "local",
      operation: "restore",
      target,
      ...localActor(),
    });
  } finally {
    await accessLog.close();
  }
}

/** Every file that the index names is there with its bytes, and no other. */
async function settle(
  staging: string,
  { files, index: bytes }: { files: ReadonlyMap<string, Written>; index: Uint8Array },
): Promise<z.infer<typeof index>> {
  const parsed = index.safeParse(jsonOf(bytes));
  if (!parsed.success) throw malformed(`a readable ${indexName}`, "another");
  for (const { path, bytes: expected, sha256 } of parsed.data.files) {
    const got = files.get(path);
    if (got?.bytes === expected && got.sha256 === sha256) continue;
    throw malformed(`${quote(path)} with digest ${sha256}`, got === undefined ? "none" : got.sha256);
  }
  if (files.size !== parsed.data.files.length)
    throw malformed(`${parsed.data.files.length} files`, `${files.size}`);
  for (const { path, mode } of parsed.data.files) await chmod(join(staging, path), mode);
  return parsed.data;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new VerificationError("ARCHIVE_MALFORMED", `expected JSON in ${indexName}, got other text`, {
      cause,
    });
  }
}

class ArchiveReader {
  readonly #source: FileHandle;
  readonly #staging: string;
  #at = 0;

  constructor(source: FileHandle, staging: string) {
    this.#source = source;
    this.#staging = staging;
  }

  async unpack(): Promise<{ files: Map<string, Written>; index: Uint8Array }> {
    const files = new Map<string, Written>();
    for (;;) {
      const header = await this.#header();
      if (header === undefined) throw malformed(`${indexName} at the end`, "none");
      const { path, bytes } = header;
      if (path === indexName) {
        if (bytes > indexBytesMax) throw malformed("a smaller index", `${bytes} bytes`);
        return { files, index: await this.#take(bytes) };
      }
      if (!pathPattern.test(path) || files.has(path)) {
        throw new VerificationError(
          "PATH_UNSAFE",
          `expected a new path inside the folder, got ${quote(path)}`,
        );
      }
      files.set(path, await this.#write(path, bytes));
    }
  }

  async #header(): Promise<{ path: string; bytes: number } | undefined> {
    let long: string | undefined;
    for (;;) {
      const block = await this.#take(blockBytes);
      if (block.every((byte) => byte === 0)) return undefined;
      const { type, path, bytes } = parseTarHeader(block);
      if (type === "0") return { path: long ?? path, bytes };
      if (type !== "x" || bytes > pieceBytes) throw malformed("plain files", `type ${type}`);
      long = parsePaxRecords(await this.#take(bytes)).get("path");
      this.#skipPadding(bytes);
    }
  }

  async #write(path: string, bytes: number): Promise<Written> {
    const to = join(this.#staging, path);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const target = await open(to, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      for (let left = bytes; left > 0; ) {
        const piece = await this.#take(Math.min(left, pieceBytes));
        hash.update(piece);
        await target.writeFile(piece);
        left -= piece.length;
      }
      await target.datasync();
      this.#skipPadding(bytes);
      return { bytes, sha256: hash.digest("hex") };
    } finally {
      await target.close();
    }
  }

  #skipPadding(bytes: number): void {
    this.#at += (blockBytes - (bytes % blockBytes)) % blockBytes;
  }

  async #take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#source.read(bytes, filled, length - filled, this.#at + filled);
      if (bytesRead === 0) throw malformed("a whole backup", "one that ends early");
      filled += bytesRead;
    }
    this.#at += length;
    return bytes;
  }
}

function malformed(expected: string, got: string): VerificationError {
  return new VerificationError("ARCHIVE_MALFORMED", `expected ${expected}, got ${got}`);
}
