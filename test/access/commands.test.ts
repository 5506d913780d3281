/** Commands on the service's own machine: each leaves its entry first, or does nothing; and none is forgotten. */
import type { Command } from "commander";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { createProgram } from "../../src/cli/program.js";
import { type AccessEntry, parseAccessEntry } from "../../src/core/log/access-entries.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { composeAccessLog } from "../../src/main/compose-access.js";
import { backup } from "../../src/main/compose-backup.js";
import * as ceremony from "../../src/main/compose-ceremony.js";
import * as keys from "../../src/main/compose-key-tools.js";
import { loadRecords } from "../../src/main/compose-records.js";
import { restore } from "../../src/main/compose-restore.js";
import { readConfiguration } from "../../src/main/configuration.js";
import { eraseAccess } from "../../src/main/erase-access.js";
import { initialise } from "../../src/main/initialise.js";
import { composeService } from "../../src/main/compose-service.js";
import type { Signer } from "../../src/ports/signer.js";
import type { StoredOpening } from "../../src/services/access-log.js";
import { beginAccessLog, endAccessLog } from "../../src/services/keep-access-log.js";
import { run } from "../cli/fake-doors.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: { path: string; remove(): Promise<void> };
const at = (name: string) => join(folder.path, name);
const doors = {
  ...{ propose: ceremony.propose, signProposal: ceremony.sign, publishProposal: ceremony.publish },
  ...{ generateKey: keys.generateKey, requestCertificate: keys.requestCertificate, showKey: keys.showKey },
  ...{
    importChain: keys.importChain,
    checkChain: keys.checkChain,
    backup,
    restore,
    eraseAccess,
    loadRecords,
  },
};
const rulemint = (line: string) =>
  run(
    line.split(" ").map((word) => word.replace("@", `${folder.path}/`)),
    doors,
  );
const secret = "--passphrase-file @data/keys/passphrase";
const publisher = `--key-file @data/keys/publisher.key ${secret}`;
const chain = "--chain @data/keys/publisher-chain.pem";
const sign = (role: string, name: string) =>
  `${role} sign --proposal @${role} --key-file @data/offline/${name}.key ${secret}`;

/** In this order: a line as it is typed, what the log says of it, and the file that it makes. */
const acts: readonly (readonly [line: string, operation: string, target: string, makes?: string])[] = [
  ["root propose --data @data --out @root", "root propose", "root", "root"],
  [sign("root", "root-vendor-1"), "root sign", "key/offline/root-vendor-1.key"],
  [sign("root", "root-vendor-2"), "root sign", "key/offline/root-vendor-2.key"],
  [
    "root publish --data @data --proposal @root",
    "publishProposal",
    "root",
    "data/public/metadata/2.root.json",
  ],
  ["targets propose --data @data --out @targets", "targets propose", "targets", "targets"],
  [sign("targets", "targets-1"), "targets sign", "key/offline/targets-1.key"],
  [sign("targets", "targets-2"), "targets sign", "key/offline/targets-2.key"],
  [
    ...["targets publish --data @data --proposal @targets", "publishProposal", "targets"],
    "data/public/metadata/2.targets.json",
  ] as [string, string, string, string],
  [
    `key generate --key-file @data/keys/new.key ${secret}`,
    "key generate",
    "key/keys/new.key",
    "data/keys/new.key",
  ],
  [`key csr ${publisher} --organization X --out @csr`, "key csr", "key/keys/publisher.key", "csr"],
  [`key import ${publisher} ${chain} --out @chain`, "key import", "key/keys/publisher.key", "chain"],
  [`key show ${publisher}`, "key show", "key/keys/publisher.key"],
  [`key check ${publisher} ${chain}`, "key check", "key/keys/publisher.key"],
  ["backup --data @data --out @saved.tar", "backup", "saved.tar", "saved.tar"],
  ["access erase --data @data --index 1 --why asked", "eraseOpening", "access/1"],
];

/** Those with a folder or a key among their options that need no entry, and why. */
const others: Readonly<Record<string, string>> = {
  init: "makes the log, and begins it",
  serve: "says `start` and `stop`",
  restore: "leaves its entry in the folder that it makes",
  "config check": "reads rulemint.yaml, not the records",
  monitor: "a third party's machine",
  "witness init": "a witness's machine",
  "witness serve": "a witness's machine",
  "witness show": "a witness's machine",
  "witness follow": "a witness's machine",
  "witness unfollow": "a witness's machine",
  "assay init": "the overseer's machine",
  "assay run": "the overseer's machine, and the service's doors",
  "assay watch": "the overseer's machine, and the service's doors",
  "assay map": "the overseer's machine, and the service's doors",
  "assay status": "the overseer's machine",
};

/** Every opening in its place; undefined for a heartbeat and for what was erased. */
async function openings(data: string): Promise<(AccessEntry | undefined)[]> {
  const { access } = readConfiguration(data);
  if (access === undefined) throw new Error("expected an access log");
  const log = await composeAccessLog(data, access);
  try {
    const found = await log.openings.list<StoredOpening>("openings");
    return found.map(({ body }) => ("entry" in body ? parseAccessEntry(utf8Bytes(body.entry)) : undefined));
  } finally {
    await log.close();
  }
}

const entries = async (data: string) =>
  (await openings(data)).flatMap((one) => (one === undefined ? [] : [one]));

beforeAll(async () => {
  folder = await temporaryFolder();
  const made = { data: at("data"), overseer: at("overseer") };
  await initialise({ ...made, signer: "webcrypto", scheme: "ecdsa-p256-sha256" });
});
afterAll(() => folder.remove());

describe("a command on the machine", () => {
  it("SPEC §13.2.10 that makes a data folder begins its log, with every role that it gives", async () => {
    const told = (await entries(at("data"))).filter(({ kind }) => kind === "local");
    expect(told.map(({ operation }) => operation)).toEqual([
      "init",
      ...told.slice(1).map(() => "createToken"),
    ]);
    expect(told.map(({ target }) => target)).toContain("auditor: auditor");
    expect(told[0]).toMatchObject({ rights: ["operator"], from: "local" });
  });

  it.each(acts.map(([line, operation, target, makes]) => ({ line, operation, target, makes })))(
    "SPEC §13.2.10 $line is written down before it does anything",
    async ({ line, operation, target, makes }) => {
      const before = (await openings(at("data"))).length;
      const key = at("data/keys/access-log.key");
      renameSync(key, `${key}.gone`);
      const refused = await rulemint(line);
      renameSync(`${key}.gone`, key);
      expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining("ACCESS_LOG_UNAVAILABLE")]);
      if (makes !== undefined) expect(existsSync(at(makes))).toBe(false);
      const done = await rulemint(line);
      expect(done, done.stderr).toMatchObject({ exit: 0 });
      if (makes !== undefined) expect(existsSync(at(makes))).toBe(true);
      const told = (await openings(at("data"))).slice(before);
      expect(told.some((one) => one?.operation === operation && one.target.endsWith(target))).toBe(true);
      expect(told[0]).toMatchObject({ rights: ["operator"] });
    },
  );

  it("SPEC §13.2.10 that restores a folder leaves its entry there, which comes before the doors open", async () => {
    const done = await rulemint("restore --from @saved.tar --data @again");
    expect(done, done.stderr).toMatchObject({ exit: 0 });
    const hooks = { ownAddress: () => "", wake: () => undefined };
    const { context, close } = await composeService(at("again"), readConfiguration(at("again")), hooks);
    await beginAccessLog(context);
    await endAccessLog(context);
    await close();
    const told = (await entries(at("again"))).slice(-3);
    expect(told.map(({ operation }) => operation)).toEqual(["restore", "start", "stop"]);
    expect(told[0]?.target).toContain("saved.tar of ");
  });

  it("SPEC §13.2.10 that moves the records is written down before it looks for a database", async () => {
    const file = at("data/rulemint.yaml");
    const sound = readFileSync(file, "utf8");
    const url = "postgresql://nobody@127.0.0.1:1/nothing";
    writeFileSync(at("data/keys/url"), url);
    const moved = { ...parse(sound), records: { kind: "postgres", url: { file: "keys/url" } } };
    writeFileSync(file, stringify(moved));
    const before = (await openings(at("data"))).length;
    const key = at("data/keys/access-log.key");
    renameSync(key, `${key}.gone`);
    const refused = await rulemint("records load --data @data");
    renameSync(`${key}.gone`, key);
    expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining("ACCESS_LOG_UNAVAILABLE")]);
    const failed = await rulemint("records load --data @data");
    writeFileSync(file, sound);
    expect([failed.exit, failed.stderr]).toEqual([1, expect.stringContaining("STORE_FAILED")]);
    const told = (await openings(at("data"))).slice(before);
    expect(told.map((one) => one?.operation)).toContain("records load");
  });

  it("SPEC §13.2.3 none of the service's keys signs without an entry", async () => {
    const key = at("data/keys/access-log.key");
    renameSync(key, `${key}.gone`);
    const hooks = { ownAddress: () => "", wake: () => undefined };
    const { context, close } = await composeService(at("data"), readConfiguration(at("data")), hooks);
    try {
      const signers = Object.entries(context).filter(([, part]) => typeof part?.sign === "function");
      expect(signers.map(([name]) => name).sort()).toEqual(["publisher", "snapshot", "timestamp", "visits"]);
      for (const [, signer] of signers) {
        const signing = (signer as Signer).sign(utf8Bytes("a release of one's own"));
        await expect(signing).rejects.toMatchObject({ code: "ACCESS_LOG_UNAVAILABLE" });
      }
    } finally {
      await close();
      renameSync(`${key}.gone`, key);
    }
  });

  it("is in this table, or has a reason not to be", async () => {
    const known = [
      "records load",
      "objects load",
      ...acts.map(([line]) => line.split(" --", 1)[0]),
      ...Object.keys(others),
    ];
    const local = leaves(
      await createProgram({ version: "0", terminal: { stdout: {}, stderr: {}, environment: {} } } as never),
    ).filter(({ options }) => options.some(({ long }) => long === "--data" || long === "--key-file"));
    expect(local.length).toBeGreaterThan(15);
    expect(local.map(nameOf).filter((name) => !known.includes(name))).toEqual([]);
  });
});

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function nameOf(command: Command): string {
  const parent = command.parent?.name();
  return parent === undefined || parent === "rulemint" ? command.name() : `${parent} ${command.name()}`;
}
