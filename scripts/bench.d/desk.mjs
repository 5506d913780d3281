// The desk under load, held against its bars: what an idle service takes, how fast a large change is linted, 200 analysts at once on either
// database, and a release of everything in which one ruleset changed. The service is the program that people run; its CPU time and memory
// are read from /proc.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { corpora } from "./corpora.mjs";
import { generate } from "./generate.mjs";
import { feed, openPublisher, reaches } from "./service.mjs";

const analysts = 200;
const yaraRules = 20_000;
const changedRules = 1_000;
/** The start, what its garbage needs to go back, and a machine that does other things too. */
const idleSeconds = 60;
const clockTicks = 100;

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const { collectFiles, tarStream } = await dist("cli/upload.js");

const since = (start) => (performance.now() - start) / 1000;
const load = () => `load ${loadavg()[0].toFixed(1)}`;

/** Of one process with all its threads. */
function costs(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const mebibytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024;
  return {
    rss: mebibytes("VmRSS"),
    peak: mebibytes("VmHWM"),
    cpu: (Number(fields[11]) + Number(fields[12])) / clockTicks,
  };
}

export function bar(what, value, unit, max) {
  console.log(
    `${value <= max ? "ok     " : "MISSED "} ${what}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit}, bar ${max} ${unit}`,
  );
  return { what, value, unit, max, reached: value <= max };
}

/** What the CLI sends of a folder. */
async function archive(folder) {
  const { files } = await collectFiles([folder]);
  return tarStream(files, () => undefined);
}

const submit = async (api, query, folder) => api.createSubmission(query, await archive(folder));

/** Proposed by one, approved by another: the ruleset has a head. */
async function settle(publisher, ruleset, kind, folder) {
  const query = { ruleset, kind, leaveOutInvalid: true };
  const { id, digest, rules } = await submit(publisher.api("analyst"), query, folder);
  await publisher.api("reviewer").approveSubmission(id, digest);
  return rules;
}

/** 1,000 rules of the generated 20,000 get another text: 20 files of 50. */
function changeRules(folder, mark) {
  const names = readdirSync(folder).sort();
  const every = Math.floor(names.length / (changedRules / 50));
  const changed = names.filter((_, i) => i % every === 0).slice(0, changedRules / 50);
  for (const name of changed) {
    const path = join(folder, name);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replaceAll(/description = "sample/g, `description = "${mark} sample`),
    );
  }
  return changed;
}

async function lintRow(publisher, folder) {
  const before = costs(publisher.pid);
  const changed = changeRules(folder, "changed");
  const start = performance.now();
  const { findings, rules } = await submit(
    publisher.api("analyst"),
    { ruleset: "yara", kind: "yara", leaveOutInvalid: false },
    folder,
  );
  const seconds = since(start);
  const { cpu } = costs(publisher.pid);
  console.log(
    `        ${changed.length * 50} changed rules in ${rules}: ${findings.length} findings; CPU of the service ${(cpu - before.cpu).toFixed(1)} s, ${load()}`,
  );
  return bar("submit and lint a 1,000-rule YARA change to 20,000 rules", seconds, "s", 3);
}

const tenRules = (analyst) =>
  Array.from(
    { length: 10 },
    (_, i) =>
      `rule Analyst_${analyst}_${i} { strings: $a = "analyst ${analyst} needle ${i} ${analyst * 31 + i}" condition: $a }\n`,
  ).join("");

/** One request over a connection of its own, and the submission in its answer. */
async function send({ address, as }, query, body) {
  const headers = {
    authorization: `Bearer ${as("analyst").RULEMINT_TOKEN}`,
    "content-type": "application/x-tar",
    "content-length": body.length,
  };
  const asked = request(`${address}/v1/submissions?${query}`, { method: "POST", agent: false, headers });
  asked.end(body);
  const [answer] = await once(asked, "response");
  return { status: answer.statusCode, ...(await json(answer)) };
}

/**
 * Everybody at the same instant, each to a ruleset of their own. They have machines of their own: what they do before they send is done before
 * the clock starts, and what sends for them all is a plain request each.
 */
async function analystsRow(publisher, scratch, records) {
  const archives = [];
  for (let i = 0; i < analysts; i++) {
    const folder = join(scratch, `analyst-${records}-${i}`);
    mkdirSync(folder);
    writeFileSync(join(folder, "mine.yar"), tenRules(i));
    archives.push(await buffer(await archive(folder)));
  }
  const before = costs(publisher.pid);
  const own = process.cpuUsage();
  const answers = await Promise.allSettled(
    archives.map(async (body, i) => {
      const start = performance.now();
      const { status, state } = await send(publisher, `ruleset=team-${i}&kind=yara`, body);
      if (state !== "open") throw new Error(`submission ${i}: ${status}, ${state}`);
      return since(start);
    }),
  );
  const { user, system } = process.cpuUsage(own);
  const failed = answers.filter(({ status }) => status === "rejected");
  const times = answers.flatMap(({ value }) => value ?? []).sort((a, b) => a - b);
  const { cpu } = costs(publisher.pid);
  console.log(
    `        ${analysts} at once on ${records}: ${failed.length} errors${failed[0] ? ` (${failed[0].reason})` : ""}, ` +
      `median ${times[times.length >> 1]?.toFixed(2)} s; CPU of the service ${(cpu - before.cpu).toFixed(1)} s, of the senders ${((user + system) / 1e6).toFixed(1)} s, ${load()}`,
  );
  const p99 = failed.length > 0 ? Number.POSITIVE_INFINITY : times[Math.ceil(times.length * 0.99) - 1];
  return bar(`${analysts} analysts at once, p99 on ${records}`, p99, "s", 2);
}

async function releaseOf(publisher) {
  const manager = publisher.api("release-manager");
  const { release } = await manager.buildRelease(feed, {});
  return reaches(manager, release, "signed");
}

async function publish(publisher, { release }) {
  const { rulemint } = await import("./service.mjs");
  await rulemint(["assay", "run", "--feed", feed, "--data", publisher.overseer], publisher.as("overseer"));
  const manager = publisher.api("release-manager");
  await manager.publishRelease(feed, release);
  await reaches(manager, release, "published");
}

async function releaseRows(publisher, scratch, yara) {
  const kinds = { suricata: "suricata", sigma: "sigma", ioc: "ioc" };
  for (const { kind, versions } of corpora(Object.keys(kinds), scratch)) {
    const start = performance.now();
    const rules = await settle(publisher, kind, kind, versions.at(-1).folder);
    console.log(`        ${kind} ${versions.at(-1).date}: ${rules} rules in ${since(start).toFixed(1)} s`);
  }
  const first = performance.now();
  await publish(publisher, await releaseOf(publisher));
  console.log(`        the first release: ${since(first).toFixed(1)} s to published, ${load()}`);
  changeRules(yara, "again");
  const query = { ruleset: "yara", kind: "yara", leaveOutInvalid: true };
  const { id, digest } = await submit(publisher.api("analyst"), query, yara);
  const before = costs(publisher.pid);
  const start = performance.now();
  await publisher.api("reviewer").approveSubmission(id, digest);
  const { database, gates = [] } = await releaseOf(publisher);
  const seconds = since(start);
  const { cpu } = costs(publisher.pid);
  console.log(
    `        gates: ${gates.map(({ gate, result, seconds: took }) => `${gate} ${result} ${took} s`).join(", ") || "NONE"}`,
  );
  console.log(
    `        ${JSON.stringify(database.rules)}; CPU of the service ${(cpu - before.cpu).toFixed(1)} s, ${load()}`,
  );
  await pause(idleSeconds * 1000);
  const { rss, peak } = costs(publisher.pid);
  console.log(`        peak RSS ${peak.toFixed(0)} MiB`);
  return [
    bar("a release of everything, one ruleset changed, approval to staged", seconds, "s", 15),
    bar("the service after that release, RSS", rss, "MiB", 600),
  ];
}

async function idleRow(publisher) {
  await pause(idleSeconds * 1000);
  return bar("the idle service, RSS", costs(publisher.pid).rss, "MiB", 150);
}

/** Debian's, in a folder of its own. Undefined where it is not installed. */
async function startPostgres(scratch) {
  const base = "/usr/lib/postgresql";
  const version = existsSync(base) ? readdirSync(base).sort().at(-1) : undefined;
  if (version === undefined) return undefined;
  const program = (name) => join(base, version, "bin", name);
  const data = join(scratch, "postgres");
  mkdirSync(data);
  const user = process.getuid() === 0 ? owner() : {};
  for (const path of [scratch, data]) if (user.uid !== undefined) chownSync(path, user.uid, user.gid);
  chmodSync(scratch, 0o755);
  execFileSync(
    program("initdb"),
    ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"],
    { ...user, cwd: scratch },
  );
  const child = spawn(
    program("postgres"),
    ["-D", data, "-c", "listen_addresses=", "-c", `unix_socket_directories=${scratch}`],
    {
      ...{ ...user, cwd: scratch, stdio: "ignore" },
    },
  );
  const url = `postgresql://postgres@/postgres?host=${encodeURIComponent(scratch)}`;
  while (!existsSync(join(scratch, ".s.PGSQL.5432"))) await pause(50);
  const end = async () => {
    child.kill("SIGINT");
    await new Promise((closed) => child.once("close", closed));
  };
  return { url, end };
}

function owner() {
  const [, , uid, gid] = execFileSync("getent", ["passwd", "postgres"], { encoding: "utf8" }).split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

async function postgresRow(scratch) {
  const postgres = await startPostgres(join(scratch, "pg"));
  if (postgres === undefined) {
    console.log("        PostgreSQL is not installed");
    return [];
  }
  process.env.RULEMINT_BENCH_RECORDS = postgres.url;
  const publisher = await openPublisher({
    records: { kind: "postgres", url: { environment: "RULEMINT_BENCH_RECORDS" } },
  });
  try {
    await pause(idleSeconds * 1000);
    return [await analystsRow(publisher, scratch, "PostgreSQL")];
  } finally {
    await publisher.close();
    await postgres.end();
  }
}

/** Prints the rows and gives them; `only` names one part. */
export async function deskRows(only) {
  const scratch = mkdtempSync(join(tmpdir(), "rulemint-bench-desk-"));
  // PostgreSQL is another user.
  chmodSync(scratch, 0o755);
  const wanted = (part) => only === undefined || only === part;
  mkdirSync(join(scratch, "pg"));
  const rows = [];
  const publisher = await openPublisher();
  try {
    const idle = await idleRow(publisher);
    if (wanted("idle")) rows.push(idle);
    if (wanted("analysts")) rows.push(await analystsRow(publisher, scratch, "SQLite"));
    if (wanted("lint") || wanted("release")) {
      generate(join(scratch, "made"), 0, yaraRules);
      const yara = join(scratch, "made", "yara");
      const start = performance.now();
      const rules = await settle(publisher, "yara", "yara", yara);
      console.log(`        ${rules} YARA rules for the first time: ${since(start).toFixed(1)} s`);
      rows.push(await lintRow(publisher, yara));
      if (wanted("release")) rows.push(...(await releaseRows(publisher, scratch, yara)));
    }
  } finally {
    await publisher.close();
  }
  if (wanted("analysts")) rows.push(...(await postgresRow(scratch)));
  rmSync(scratch, { recursive: true, force: true });
  return rows;
}
