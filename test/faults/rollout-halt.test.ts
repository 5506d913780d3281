/** A bad release, by processes: a service, endpoints whose engine cannot live with it, and a rollout that ends without anybody. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary.js";
import { PublisherProcess, cliPath, rulemint, until } from "./publisher-process.js";

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
const bad = "only-in-release-two.example";
const stages = [
  { permille: 500, hours: 1 },
  { permille: 1000, hours: 1 },
];
const health = { reportsMin: 3, failurePermilleMax: 100, rollbackPermilleMax: 100, silenceMinutes: 60 };

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  const reports = { regions: ["ch"], anonymous: 2, perSourceHour: 100 };
  publisher.configure({ rings: { endpoint: { stages, health } }, reports });
  await publisher.start();
  await publisher.addRules("hosts", { "a.txt": "one.example\n" });
  await publisher.release(1);
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await folder.remove();
});

const client = (name: string, verb: string, ...words: string[]) =>
  rulemint(["client", verb, "--state", join(folder.path, name), ...words, "--json"]);

async function endpoint(name: string, turn: string): Promise<void> {
  const root = join(publisher.data, "root.json");
  expect((await client(name, "init", "--url", publisher.origin, "--root", root)).exit).toBe(0);
  const check = `! grep -q ${bad} "$RULEMINT_RULES"/*.txt`;
  const engine = ["--engine-kind", "ioc", "--engine-check", check];
  const reports = ["--report", "on", "--region", "ch", "--report-delay", "0"];
  expect((await client(name, "configure", "--turn", turn, ...engine, ...reports)).exit).toBe(0);
  expect(JSON.parse((await client(name, "update")).stdout)).toMatchObject({ release: 1 });
}

const rollout = async () =>
  JSON.parse((await publisher.cli("auditor", "rollout", "show", "--feed", "endpoint", "--json")).stdout);
const ring = () => {
  const file = join(publisher.data, "public/metadata/timestamp.json");
  return JSON.parse(readFileSync(file, "utf8")).signed["x-rulemint"]?.rings.endpoint;
};
const resume = (role: "release-manager" | "reviewer") =>
  publisher.cli(role, "rollout", "resume", "--feed", "endpoint", "--reason", "looked at it", "--json");
const status = async (name: string) => JSON.parse((await client(name, "status")).stdout);

/** Killed by SIGKILL while its engine tries the release. */
async function killAmidCheck(name: string): Promise<void> {
  const file = join(folder.path, "engine-pid");
  const check = `sleep 300 & echo "$$ $!" > ${file}.new; mv ${file}.new ${file}; wait`;
  const words = ["client", "update", "--state", join(folder.path, name), "--engine-check", check];
  const updating = spawn(process.execPath, [cliPath, ...words], { stdio: "ignore" });
  await until("an engine at work", async () => existsSync(file), Boolean);
  const ended = once(updating, "close");
  updating.kill("SIGKILL");
  await ended;
  const pids = readFileSync(file, "utf8").trim().split(" ");
  expect(pids).toHaveLength(2);
  await until(
    "no engine left",
    async () => pids.filter(isAlive),
    (left) => left.length === 0,
    20,
  );
}

function isAlive(pid: string): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
}

describe("a release that engines cannot live with", () => {
  const early = ["a", "b", "c"];

  it("halts by the reports of those that had it first, is offered to nobody else, and is recalled", async () => {
    for (const name of early) await endpoint(name, "early");
    await endpoint("late", "late");
    await publisher.addRules("hosts", { "a.txt": `one.example\n${bad}\n` });
    await publisher.release(2);
    expect(ring()).toEqual({ candidate: 2, stable: 1, permille: 500 });
    // SPEC §16.6.8
    await killAmidCheck("c");
    for (const name of early) {
      expect(JSON.parse((await client(name, "update")).stdout).error.code).toBe("ENGINE_REFUSED");
      expect(await status(name)).toMatchObject({ installed: { release: 1 }, bad: { release: 2 } });
    }
    const halted = await until("a halt", rollout, ({ state }) => state === "halted");
    expect(halted.events.at(-1)).toMatchObject({ what: "halted", by: [] });
    expect(halted.events.at(-1).reason).toMatch(/^(failures|rollbacks): expected at most 100 of 1000/);
    await until(
      "the timestamp",
      async () => ring(),
      (told) => told?.permille === 0,
    );
    expect(JSON.parse((await client("late", "update")).stdout)).toMatchObject({
      outcome: "waiting",
      release: 1,
    });

    // SPEC §16.4.5
    expect(JSON.parse((await resume("release-manager")).stdout)).toMatchObject({ state: "halted" });
    expect(JSON.parse((await resume("release-manager")).stdout).error.code).toBe("SECOND_PERSON");
    expect(ring().permille).toBe(0);
    expect(JSON.parse((await resume("reviewer")).stdout).events.at(-1).by).toHaveLength(2);
    await until("a second halt by what is known", rollout, ({ state }) => state === "halted");

    const words = ["release", "withdraw", "--feed", "endpoint", "--release", "2", "--reason", "engines fail"];
    expect((await publisher.cli("release-manager", ...words, "--json")).exit).toBe(0);
    await publisher.reaches(3, ({ state }) => state === "signed");
    expect((await publisher.assay()).exit).toBe(0);
    await publisher.publish(3);
    await publisher.reaches(3, ({ state }) => state === "published");
    expect(JSON.parse((await client("late", "update")).stdout)).toMatchObject({
      outcome: "updated",
      release: 3,
    });
    expect(JSON.parse((await client("a", "update")).stdout)).toMatchObject({ release: 3 });
  });

  it("is read by people who are named in the access log", async () => {
    const page = join(folder.path, "rollout.html");
    const words = ["rollout", "reports", "--feed", "endpoint", "--release", "2", "--page", page];
    const read = await publisher.cli("auditor", ...words);
    expect(read.stdout).toMatch(/rolled back\s+3/);
    expect(read.stdout).toContain("ENGINE_REFUSED");
    expect(readFileSync(page, "utf8")).toContain("ENGINE_REFUSED");
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const key = join(publisher.data, "access-log-key.txt");
    const listed = await publisher.cli("auditor", "access", "list", "--key", key, "--json");
    expect(listed.stdout).toContain("readReports");
    expect(listed.stdout).not.toContain("takeReports");
  });

  it("and of which nobody says anything is halted by silence", async () => {
    await publisher.stop();
    const strict = { ...health, silenceMinutes: 0.05, fleetReports: 10 };
    publisher.configure({ rings: { endpoint: { stages, health: strict } } });
    await publisher.start();
    await publisher.addRules("hosts", { "a.txt": "one.example\nfour.example\n" });
    await publisher.release(4);
    const halted = await until("a halt", rollout, ({ state }) => state === "halted");
    expect(halted.events.at(-1)).toMatchObject({ what: "halted", by: [] });
    expect(halted.events.at(-1).reason).toContain("silence: expected at least 2 reports");
    await until(
      "the timestamp",
      async () => ring(),
      (told) => told?.permille === 0,
    );
  });
});
