/** A dry run gives the answer, or the refusal, that the call would get, and changes nothing; the access log has it. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../src/services/model.js";
import type { AccessLog } from "../../src/services/access-log.js";
import { checked, openTestAccess } from "../support/access-world.js";
import { openService, type TestService } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { temporaryFolder } from "../support/temporary.js";
import { problemOf } from "./problems.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
let service: TestService;

beforeAll(async () => {
  folder = await temporaryFolder();
  log = await openTestAccess(folder.path);
  service = await openService({ wrap: () => ({ accessLog: log }) });
  await service.desk.addRules("hosts", "ioc", { "hosts.txt": "one.example\ntwo.example\n" });
  await service.desk.release();
  await service.desk.addRules("hosts", "ioc", { "hosts.txt": "one.example\ntwo.example\nthree.example\n" });
});
afterAll(async () => {
  await service.close();
  await log.close();
  await folder.remove();
});

/** Every record, object and public file, by its bytes. */
function everything(): Record<string, string> {
  const root = service.desk.folder;
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

interface Asked {
  readonly path: string;
  readonly as: Role;
  readonly json?: unknown;
  readonly tar?: Record<string, string>;
}

function ask({ path, as, json, tar }: Asked, dry: boolean): Promise<Response> {
  const query = dry ? `${path.includes("?") ? "&" : "?"}dryRun=true` : "";
  const sent = tar ? { headers: { "Content-Type": "application/x-tar" }, body: tarArchive(tar) } : { json };
  return service.call("POST", path + query, { as, ...sent });
}

const releases = "/v1/feeds/endpoint/releases";
const submission = "/v1/submissions?ruleset=new-hosts&kind=ioc";

/** Without what the clock says. */
const timeless = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, one) => (/^\d{4}-\d\d-\d\dT/.test(String(one)) ? "time" : one)));

async function rehearsed(asked: Asked): Promise<unknown> {
  const before = everything();
  const from = (await log.log()).store.size;
  const answer = await ask(asked, true);
  expect([answer.status, answer.headers.get("rulemint-dry-run"), answer.headers.get("location")]).toEqual([
    ...[200, "true", null],
  ]);
  const body = await answer.json();
  await service.settled();
  expect(everything()).toEqual(before);
  const { entries } = await checked(log, undefined, { from });
  expect(entries.map(({ entry }) => entry)).toEqual([
    expect.objectContaining({ kind: "access", target: expect.stringContaining("dryRun=true") }),
  ]);
  return body;
}

describe("a dry run", () => {
  it.each<[string, Asked]>([
    ["a submission", { path: submission, as: "analyst", tar: { "a.txt": "four.example\n" } }],
    ["a draft", { path: `${submission}&draft=true`, as: "analyst", tar: { "a.txt": "five.example\n" } }],
    [
      "a quarantine",
      { path: "/v1/rulesets/hosts/quarantine", as: "analyst", json: { id: "two.example", reason: "noise" } },
    ],
    ["a build", { path: releases, as: "release-manager", json: { reason: "new rules" } }],
  ])("of %s changes nothing, and says what the call then answers", async (_, asked) => {
    const foretold = await rehearsed(asked);
    const done = await ask(asked, false);
    expect(done.ok).toBe(true);
    const made: unknown = await done.json();
    await service.settled();
    expect(timeless(made)).toEqual(timeless(foretold));
  });

  it("of a publication, and of both kinds of withdrawal, changes nothing", async () => {
    const as = "release-manager";
    const staged = await service.desk.advance();
    expect(staged).toMatchObject({ release: 2, state: "signed" });
    await service.desk.coSign(staged);
    const publication = { path: `${releases}/2/publication`, as } as const;
    expect(await rehearsed(publication)).toMatchObject({
      release: 2,
      state: "assayed",
      publication: { by: "mia" },
    });
    const ended = { path: `${releases}/2/withdrawal`, as, json: { reason: "on second thought" } } as const;
    expect(await rehearsed(ended)).toMatchObject({ release: 2, state: "failed" });
    expect((await ask(publication, false)).status).toBe(202);
    await service.settled();
    const back = { path: `${releases}/2/withdrawal`, as, json: { reason: "false positives" } } as const;
    expect(await rehearsed(back)).toMatchObject({ release: 3, state: "queued", restores: 1 });
  });

  it.each<[string, Asked, string]>([
    [
      "rules with errors, with every finding and no submission",
      {
        path: "/v1/submissions?ruleset=bad&kind=yara",
        as: "analyst",
        tar: { "a.yar": "rule Bad { condition: $x }" },
      },
      "RULES_INVALID",
    ],
    ["another role", { path: releases, as: "analyst", json: {} }, "ROLE_REFUSED"],
    [
      "a release that is not there",
      { path: `${releases}/99/publication`, as: "release-manager" },
      "NOT_FOUND",
    ],
  ])("is refused as the call would be for %s", async (_, asked, code) => {
    const before = everything();
    const answer = await ask(asked, true);
    const problem = (await problemOf(answer, code as never)) as { submission?: string };
    expect(problem.submission).toBeUndefined();
    expect(answer.headers.get("location")).toBeNull();
    expect(everything()).toEqual(before);
  });

  it("keeps no answer for an Idempotency-Key: the call itself is still to come", async () => {
    const path = `${submission}&dryRun=true`;
    const body = tarArchive({ "a.txt": "six.example\n" });
    const headers = { "Content-Type": "application/x-tar", "Idempotency-Key": "one-key" };
    const before = everything();
    const dry = await service.call("POST", path, { as: "analyst", headers, body });
    expect(dry.status).toBe(200);
    expect(everything()).toEqual(before);
    const real = await service.call("POST", submission, { as: "analyst", headers, body });
    expect([real.status, real.headers.get("idempotency-replayed")]).toEqual([201, null]);
  });
});
