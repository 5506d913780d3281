// How long the database of an endpoint takes to answer for one indicator: the file opened, what is asked for spread over all of it.
// "cold": each block is read for the first time in this process; "warm": the same questions again.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { cli } from "./service.mjs";

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const perList = 200;
const lookupMsMax = 1;

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

async function times(lookup, asked) {
  const all = [];
  let found = 0;
  for (const text of asked) {
    const start = performance.now();
    const answer = await lookup.find(text);
    all.push(performance.now() - start);
    if (answer.found) found++;
  }
  const sorted = all.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { median: at(0.5), p99: at(0.99), worst: at(1), found };
}

/** Of the endpoint in this state folder, whose lists are exported. */
export async function lookupRows(state) {
  const { Updater } = await dist("main/compose-library.js");
  const updater = await Updater.open(state);
  const asked = questions(join(state, "export", "ioc"));
  const opening = performance.now();
  const lookup = await updater.openLookup();
  const opened = performance.now() - opening;
  const first = await times(lookup, asked.slice(0, 1));
  const cold = await times(lookup, asked.slice(1));
  await lookup.close();
  const again = await updater.openLookup();
  await times(again, asked.slice(0, 100));
  const warm = await times(again, Array.from({ length: 20 }, () => asked.slice(0, 100)).flat());
  await again.close();
  await updater.close();
  const ms = (value) => `${value.toFixed(3)} ms`;
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [cli, "client", "lookup", "--state", state, asked[0]]);
  const whole = performance.now() - start;
  console.log(
    `lookup: opened in ${ms(opened)}; the first ${ms(first.median)}; ${asked.length - 1} more, ${cold.found} listed: median ` +
      `${ms(cold.median)}, 99 % within ${ms(cold.p99)}, worst ${ms(cold.worst)}; asked again: median ${ms(warm.median)}, 99 % within ` +
      `${ms(warm.p99)}; ${cold.median < lookupMsMax ? "within" : "NOT within"} ${lookupMsMax} ms; a process of its own: ${ms(whole)}, exit ${status}`,
  );
  return { opened, first: first.median, cold, warm, process: whole };
}
