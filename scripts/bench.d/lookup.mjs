// How long the database of an endpoint takes to answer for one indicator: the file opened, what is asked for spread over all of it. Each of
// a few processes asks all of it once, and of each question the least time counts: what else the machine did is not the database's.
// "first": the question has not been asked in its process; "again": it has.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cli } from "./service.mjs";

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const perList = 200;
const lookupMsMax = 1;
const processes = 5;

/** So many lines of every exported list, spread over it, and as many that no list has. */
function questions(folder) {
  const listed = readdirSync(folder).flatMap((name) => {
    const lines = readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean);
    const step = Math.max(1, Math.floor(lines.length / perList));
    return lines.filter((_, i) => i % step === 0).slice(0, perList);
  });
  const absent = listed.map((_, i) => {
    const hash = createHash("sha256").update(String(i)).digest("hex");
    return [
      hash,
      `${hash.slice(0, 12)}.example`,
      `www.${hash.slice(0, 5)}.com`,
      `http://a.${hash.slice(0, 8)}.net/x`,
    ][i % 4];
  });
  const mixed = listed.flatMap((one, i) => [one, absent[i]]);
  // In an order that has nothing to do with theirs.
  return mixed
    .map((text) => [createHash("md5").update(text).digest("hex"), text])
    .sort()
    .map(([, text]) => text);
}

/** In a process of its own: milliseconds to open, and of every question asked for the first time and again. */
async function ask(state, asked) {
  const { Updater } = await dist("main/compose-library.js");
  const updater = await Updater.open(state);
  const opening = performance.now();
  const lookup = await updater.openLookup();
  const opened = performance.now() - opening;
  let found = 0;
  const timed = async (text) => {
    const start = performance.now();
    const answer = await lookup.find(text);
    const ms = performance.now() - start;
    if (answer.found) found++;
    return ms;
  };
  const first = [];
  for (const text of asked) first.push(await timed(text));
  const listed = found;
  const again = [];
  for (let i = 0; i < asked.length; i += 50) {
    const few = asked.slice(i, i + 50);
    for (const text of few) await timed(text);
    for (const text of few) again.push(await timed(text));
  }
  await lookup.close();
  await updater.close();
  return { opened, first, again, listed };
}

function askInProcess(state, asked) {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), state], {
    input: JSON.stringify(asked),
    maxBuffer: 1 << 28,
  });
  if (child.status !== 0) throw new Error(`lookup: exit ${child.status}\n${child.stderr}`);
  return JSON.parse(child.stdout);
}

function spread(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { median: at(0.5), p99: at(0.99), worst: at(1) };
}

/** Of the endpoint in this state folder, whose lists are exported. */
export async function lookupRows(state) {
  const asked = questions(join(state, "export", "ioc"));
  const runs = Array.from({ length: processes }, () => askInProcess(state, asked));
  const least = (of) => of(runs[0]).map((_, i) => Math.min(...runs.map((run) => of(run)[i])));
  const opened = Math.min(...runs.map((run) => run.opened));
  // The very first waits for the program to be compiled.
  const [veryFirst, ...others] = least((run) => run.first);
  const first = spread(others);
  const again = spread(least((run) => run.again));
  const once = spread(runs.map((run) => spread(run.first.slice(1)).p99)).median;
  const ms = (value) => `${value.toFixed(3)} ms`;
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [cli, "client", "lookup", "--state", state, asked[0]]);
  const whole = performance.now() - start;
  console.log(
    `lookup: opened in ${ms(opened)}; the first ${ms(veryFirst)}; ${others.length} more, ${runs[0].listed} listed: median ` +
      `${ms(first.median)}, 99 % within ${ms(first.p99)} (${ms(once)} in the middle one of ${processes} processes), worst ${ms(first.worst)}; ` +
      `asked again: median ${ms(again.median)}, 99 % within ${ms(again.p99)}; 99 % ${first.p99 < lookupMsMax ? "within" : "NOT within"} ` +
      `${lookupMsMax} ms; a process of its own: ${ms(whole)}, exit ${status}`,
  );
  return { opened, veryFirst, first, once, again, process: whole };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = JSON.parse(readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(await ask(process.argv[2], asked)));
}
