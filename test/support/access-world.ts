/** An access log in a folder of its own, with whatever a test puts in place of its parts; and what an insider does to its files. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { openFilesystemLog } from "../../src/adapters/log/filesystem.js";
import { nodeDigest, nodePairDigest } from "../../src/adapters/node-digest.js";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import { type CheckedAccess, checkAccessFile } from "../../src/core/log/check-access.js";
import { type AccessFile, formatAccessFile, parseAccessFile } from "../../src/core/log/access-file.js";
import type { LogStore } from "../../src/ports/log-store.js";
import { AccessLog, type AccessLogParts, openingID } from "../../src/services/access-log.js";
import { type AccessRange, openAccessRange } from "../../src/services/open-access.js";
import type { ServiceContext } from "../../src/services/context.js";
import { testKey } from "./log-world.js";
import { signerOf } from "./test-witness.js";

export const accessOrigin = "example.com/access";
export const accessKey = testKey(accessOrigin, 1);
export const seen = { kind: "access", who: "ann", rights: ["analyst"], operation: "getSource" } as const;
export const event = (n: number) => ({ ...seen, target: `/v1/sources/${n}`, from: "192.0.2.1" });

export interface TestAccessOptions {
  readonly clock?: { now(): Date };
  readonly wrapStore?: (store: LogStore) => LogStore;
  readonly parts?: Partial<AccessLogParts>;
}

let salts = 0;

export async function openTestAccess(folder: string, options: TestAccessOptions = {}): Promise<AccessLog> {
  const clock = options.clock ?? { now: () => new Date() };
  const openings = await openSQLiteRecords({ path: join(folder, "openings.sqlite"), secureDelete: true });
  const open = async () => {
    const store = await openFilesystemLog({
      files: join(folder, "files"),
      state: folder,
      digest: nodeDigest,
    });
    return {
      ...{
        origin: accessOrigin,
        signer: signerOf(accessKey),
        witnesses: [],
        clock,
        pairDigest: nodePairDigest,
      },
      store: options.wrapStore?.(store) ?? store,
      policy: async () => ({ logs: [{ key: accessKey.key }], witnesses: [], groups: [], quorum: undefined }),
      pause: async () => undefined,
    };
  };
  return new AccessLog({
    ...{ open, openings, clock, intervalSeconds: 900 },
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5))),
    randomBytes: (length) =>
      new Uint8Array(createHash("sha512").update(`salt ${salts++}`).digest()).slice(0, length),
    ...options.parts,
  });
}

/** As an auditor gets it: through the file's text. */
export async function opened(log: AccessLog, range: AccessRange = {}): Promise<AccessFile> {
  const context = { accessLog: log, records: log.openings } as unknown as ServiceContext;
  return parseAccessFile(formatAccessFile(await openAccessRange(context, range)));
}

export async function checked(log: AccessLog, now?: Date, range: AccessRange = {}): Promise<CheckedAccess> {
  return checkAccessFile(await opened(log, range), { key: accessKey.key, ...(now && { now }) });
}

type Body = Record<string, string>;

/** Somebody with the file in hand and no respect for its service. */
export function insider(folder: string) {
  const where = "where collection = 'openings' and id = ?";
  const withFile = <T>(act: (file: SQLite.Database) => T): T => {
    const file = new SQLite(join(folder, "openings.sqlite"));
    try {
      return act(file);
    } finally {
      file.close();
    }
  };
  const read = (index: number): Body =>
    withFile((file) => {
      const row = file.prepare(`select body from record ${where}`).get(openingID(index)) as { body: string };
      return JSON.parse(row.body) as Body;
    });
  return {
    read,
    change: (index: number, change: (body: Body) => unknown): void => {
      const body = JSON.stringify(change(read(index)));
      withFile((file) => file.prepare(`update record set body = ? ${where}`).run(body, openingID(index)));
    },
    remove: (index: number): void => {
      withFile((file) => file.prepare(`delete from record ${where}`).run(openingID(index)));
    },
  };
}
