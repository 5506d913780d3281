// What one endpoint of a real service needs: a day's update as a process of its own, with every byte on the wire by what it is for, a poll
// that finds nothing, and the answers of `client lookup`. Bytes are counted by a proxy in between, heads and all.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { lookupRows } from "./lookup.mjs";
import { cli, openPublisher, publishVersion, rulemint } from "./service.mjs";

const archives = resolve(fileURLToPath(new URL("../../../shared/corpora", import.meta.url)));
const pollBytesMax = 300;
const sigmaBytesMax = 25_000;
const iocSecondsMax = 3;
const iocMiBMax = 128;

/** A TCP proxy that counts what travels both ways, and writes down the request lines. */
async function openCounter(address) {
  const { hostname, port } = new URL(address);
  const log = [];
  const open = new Set();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let path = "";
    open.add(near);
    const count = (bytes) => log.push({ path, bytes });
    near.on("data", (chunk) => {
      path = /^GET (\S+) /.exec(chunk.toString("latin1"))?.[1] ?? path;
      count(chunk.length);
      far.write(chunk);
    });
    far.on("data", (chunk) => {
      count(chunk.length);
      near.write(chunk);
    });
    near.on("close", () => far.destroy() && open.delete(near)).on("error", () => undefined);
    far.on("close", () => near.destroy()).on("error", () => undefined);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    take: () => log.splice(0),
    // The service waits for its connections before it ends.
    close: () => {
      server.close();
      for (const one of open) one.destroy();
    },
  };
}

function purposeOf(path) {
  if (path.startsWith("/targets/")) return "delta";
  if (path.startsWith("/evidence/") || path.startsWith("/log/")) return "evidence and log";
  if (path.startsWith("/crl/") || path.startsWith("/ocsp/")) return "revocation";
  return path.includes("/timestamp.json") ? "timestamp" : "metadata";
}

function split(log) {
  const parts = {};
  for (const { path, bytes } of log) parts[purposeOf(path)] = (parts[purposeOf(path)] ?? 0) + bytes;
  const whole = log.reduce((sum, { bytes }) => sum + bytes, 0);
  return { whole, requests: log.filter(({ path }, i) => path !== log[i - 1]?.path).length, parts };
}

/** Loaded before the command: what the process took, at its end. */
const meter = `process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  process.stderr.write("\\nPEAK " + [process.resourceUsage().maxRSS, user, system].join(" "));
});`;

/** `client update` as its user runs it: seconds, peak of resident memory, and what it says of itself. */
async function updateProcess(state) {
  const start = performance.now();
  const words = ["--import", `data:text/javascript,${encodeURIComponent(meter)}`, cli];
  const child = spawn(process.execPath, [...words, "client", "update", "--state", state, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = [[], []];
  child.stdout.on("data", (part) => out.push(part));
  child.stderr.on("data", (part) => err.push(part));
  const exit = await new Promise((closed) => child.once("close", closed));
  const text = Buffer.concat(err).toString();
  if (exit !== 0) throw new Error(`update: exit ${exit}\n${text}\n${Buffer.concat(out)}`);
  const [, peak, user, system] = /PEAK (\d+) (\d+) (\d+)/.exec(text) ?? [];
  return {
    seconds: (performance.now() - start) / 1000,
    peakMiB: Number(peak) / 1024,
    cpu: (Number(user) + Number(system)) / 1e6,
    answer: JSON.parse(Buffer.concat(out).toString()),
  };
}

const within = (value, most) => (value <= most ? "within" : "NOT within");

/** Two versions of a corpus, a day or a week apart: from the older, installed, to the newer. */
async function corpusRows(kind) {
  const archive = join(archives, `${kind}.tar.zst`);
  if (!existsSync(archive)) return console.log(`endpoint: no corpus at ../shared/corpora/${kind}.tar.zst`);
  const folder = mkdtempSync(join(tmpdir(), "rulemint-bench-endpoint-"));
  const publisher = await openPublisher();
  const counter = await openCounter(publisher.address);
  try {
    execFileSync("tar", ["--zstd", "-xf", archive, "-C", folder]);
    const [from, to] = readdirSync(join(folder, kind)).sort().slice(-2);
    await publishVersion(publisher, kind, join(folder, kind, from));
    const state = join(folder, "state");
    const root = join(publisher.data, "root.json");
    await rulemint(["client", "init", "--state", state, "--url", counter.url, "--root", root]);
    await updateProcess(state);
    await publishVersion(publisher, kind, join(folder, kind, to));
    counter.take();
    const update = await updateProcess(state);
    const wire = split(counter.take());
    await updateProcess(state);
    counter.take();
    await updateProcess(state);
    const poll = split(counter.take());
    const parts = Object.entries(wire.parts).map(
      ([name, bytes]) => `${name} ${bytes.toLocaleString("en-US")}`,
    );
    const verdict =
      kind === "sigma"
        ? `; ${within(wire.whole, sigmaBytesMax)} ${sigmaBytesMax.toLocaleString("en-US")} bytes`
        : "";
    console.log(
      `${kind} ${from} → ${to}: ${wire.whole.toLocaleString("en-US")} bytes on the wire, heads included, in ${wire.requests} requests ` +
        `(${parts.join(", ")})${verdict}`,
    );
    const bar =
      kind === "ioc"
        ? `; ${within(update.seconds, iocSecondsMax)} ${iocSecondsMax} s, ${within(update.peakMiB, iocMiBMax)} ${iocMiBMax} MiB`
        : "";
    console.log(
      `  the whole process, engine files included: ${update.seconds.toFixed(1)} s, CPU ${update.cpu.toFixed(1)} s, peak ${update.peakMiB.toFixed(0)} MiB${bar}`,
    );
    console.log(
      `  a poll that finds nothing: ${poll.requests} request, ${poll.whole} bytes; ${within(poll.whole, pollBytesMax)} ${pollBytesMax} bytes`,
    );
    const lookup = kind === "ioc" ? await lookupRows(state) : undefined;
    return { kind, from, to, update: { ...update, answer: undefined }, wire, poll, lookup };
  } finally {
    counter.close();
    await publisher.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function endpointRows(kinds) {
  const rows = [];
  for (const kind of kinds) rows.push(await corpusRows(kind));
  return rows;
}
