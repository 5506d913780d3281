/** A service with an access log, and calls that are made dry: nothing of it may change, and the log has the call. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { expect } from "vitest";
import type { AccessLog } from "../../src/services/access-log.js";
import type { Role } from "../../src/services/model.js";
import { checked, openTestAccess } from "../support/access-world.js";
import { openService, type TestService, type TestServiceOptions } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { temporaryFolder } from "../support/temporary.js";

export interface Asked {
  readonly path: string;
  readonly as: Role;
  readonly json?: unknown;
  readonly tar?: Record<string, string>;
}

export interface Rehearsals {
  readonly service: TestService;
  /** Every record, object and public file, by its bytes. */
  everything(): Record<string, string>;
  ask(asked: Asked, dry: boolean): Promise<Response>;
  /** What a dry call answers, once it is certain that it changed nothing. */
  rehearsed(asked: Asked): Promise<unknown>;
  close(): Promise<void>;
}

/** Without what the clock and chance say. */
export const timeless = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, one) => (/^\d{4}-\d\d-\d\dT/.test(String(one)) ? "time" : one)));

export async function openRehearsals(options: TestServiceOptions = {}): Promise<Rehearsals> {
  const folder = await temporaryFolder();
  const log = await openTestAccess(folder.path);
  const service = await openService({
    ...options,
    wrap: (real) => ({ ...options.wrap?.(real), accessLog: log }),
  });
  const everything = () => contentOf(service.desk.folder);
  const ask = ({ path, as, json, tar }: Asked, dry: boolean) => {
    const query = dry ? `${path.includes("?") ? "&" : "?"}dryRun=true` : "";
    const sent = tar ? { headers: { "Content-Type": "application/x-tar" }, body: tarArchive(tar) } : { json };
    return service.call("POST", path + query, { as, ...sent });
  };
  const close = async () => {
    await service.close();
    await log.close();
    await folder.remove();
  };
  return {
    ...{ service, everything, ask, close },
    rehearsed: async (asked) => {
      const before = everything();
      const from = (await log.log()).store.size;
      const answer = await ask(asked, true);
      expect([answer.status, answer.headers.get("rulemint-dry-run"), answer.headers.get("location")]).toEqual(
        [200, "true", null],
      );
      const body = await answer.json();
      await service.settled();
      expect(everything()).toEqual(before);
      await expectOneEntry(log, from);
      return body;
    },
  };
}

async function expectOneEntry(log: AccessLog, from: number): Promise<void> {
  const { entries } = await checked(log, undefined, { from });
  expect(entries.map(({ entry }) => entry)).toEqual([
    expect.objectContaining({ kind: "access", target: expect.stringContaining("dryRun=true") }),
  ]);
}

function contentOf(root: string): Record<string, string> {
  const database = new SQLite(join(root, "records.sqlite"), { readonly: true });
  const rows = database.prepare("select * from record order by collection, id").all();
  database.close();
  const found: Record<string, string> = { records: JSON.stringify(rows) };
  for (const name of ["objects", "public", "compile-cache"]) {
    for (const entry of readdirSync(join(root, name), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) found[path] = createHash("sha256").update(readFileSync(path)).digest("hex");
    }
  }
  return found;
}
