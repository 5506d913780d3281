// The rows that are about the service: proving one release, and the way of the sigma corpus from approval to served. Nothing is
// simulated: `init`, `serve`, `assay run` are the programs that people run, the signer is WebCrypto.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const project = fileURLToPath(new URL("../..", import.meta.url));
const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
export const cli = join(project, "dist/main/cli.js");
const archive = resolve(project, "../shared/corpora/sigma.tar.zst");
export const feed = "endpoint";
const verifyMsMax = 50;
const publishSecondsMax = 5;
/** Each look is an entry in the access log, durable before it is answered. */
const pollMs = 100;

const since = (start) => (performance.now() - start) / 1000;

export async function rulemint(words, environment = {}) {
  const child = spawn(process.execPath, [cli, ...words, "--json"], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const parts = [];
  child.stdout.on("data", (part) => parts.push(part));
  const exit = await new Promise((closed) => child.once("close", closed));
  if (exit !== 0) throw new Error(`rulemint ${words.join(" ")}: exit ${exit}\n${Buffer.concat(parts)}`);
  return JSON.parse(Buffer.concat(parts));
}

async function startService(data) {
  const child = spawn(process.execPath, [cli, "serve", "--data", data, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /http:\/\/\S+/.exec(line)?.[0];
    if (address !== undefined) return { child, address };
  }
  throw new Error("the service ended before it listened");
}

/** A publisher with a folder of its own, until `close`. `settings` change what `init` wrote into rulemint.yaml. */
export async function openPublisher(settings = {}) {
  const folder = mkdtempSync(join(tmpdir(), "rulemint-bench-service-"));
  const [data, overseer] = [join(folder, "publisher"), join(folder, "overseer")];
  await rulemint(["init", "--data", data, "--overseer", overseer]);
  const file = join(data, "rulemint.yaml");
  writeFileSync(file, stringify({ ...parse(readFileSync(file, "utf8")), ...settings }));
  if (settings.records !== undefined) await rulemint(["records", "load", "--data", data]);
  const { child, address } = await startService(data);
  const { createAPIClient } = await dist("cli/api-client.js");
  const token = (role) =>
    readFileSync(join(role === "overseer" ? overseer : join(data, "tokens"), `${role}.token`), "utf8").trim();
  const as = (role) => ({ RULEMINT_SERVER: address, RULEMINT_TOKEN: token(role) });
  return {
    data,
    overseer,
    address,
    pid: child.pid,
    as,
    api: (role) => createAPIClient(address, token(role)),
    close: async () => {
      child.kill("SIGTERM");
      await new Promise((closed) => child.once("close", closed));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function reaches(api, release, ...states) {
  for (;;) {
    const found = await api.getRelease(feed, release);
    if (states.includes(found.state)) return found;
    if (found.state === "failed" || found.waitingFor !== null) throw new Error(found.waitingFor);
    await pause(pollMs);
  }
}

/** From the approval of one version of the rules to the moment when the world can fetch it, in seconds. */
export async function publishVersion(publisher, kind, folder) {
  const words = ["submission", "create", "--ruleset", kind, "--kind", kind, "--leave-out-invalid", folder];
  const { id, digest, rules } = await rulemint(words, publisher.as("analyst"));
  const manager = publisher.api("release-manager");
  const start = performance.now();
  await publisher.api("reviewer").approveSubmission(id, digest);
  const { release } = await manager.buildRelease(feed, {});
  await reaches(manager, release, "signed");
  const build = since(start);
  const { result } = await rulemint(
    ["assay", "run", "--feed", feed, "--data", publisher.overseer],
    publisher.as("overseer"),
  );
  if (result !== "PASSED") throw new Error(`the overseer said ${result}`);
  const assay = since(start) - build;
  await manager.publishRelease(feed, release);
  await reaches(manager, release, "published");
  const served = await fetch(`${publisher.address}/metadata/${release}.${feed}.json`, {
    headers: { connection: "close" },
  });
  if (served.status !== 200) throw new Error(`release ${release} is not served: ${served.status}`);
  const whole = since(start);
  return { release, rules, build, assay, publish: whole - build - assay, whole };
}

/** Milliseconds to prove one release of the publisher: CMS, certificate chain, time-stamp; the median of many, warm. */
async function verifyMs(publisher, release) {
  const { verifySignature } = await dist("core/pki/verify-signature.js");
  const { policyOfRoot } = await dist("core/trust/policy.js");
  const { parseEnvelope, parseRoot } = await dist("core/trust/metadata.js");
  const { sha256 } = await dist("core/encoding/sha256.js");
  const file = (path) => new Uint8Array(readFileSync(join(publisher.data, "public", path)));
  const policy = policyOfRoot(parseRoot(parseEnvelope(file("metadata/1.root.json"), "root").signed));
  const content = file(`metadata/${release}.${feed}.json`);
  const cms = file(`evidence/${feed}/${release}.p7s`);
  const times = [];
  for (let round = 0; round < 60; round++) {
    const start = performance.now();
    await verifySignature({ contentSha256: await sha256(content), cms, policy, now: new Date() });
    times.push(performance.now() - start);
  }
  const warm = times.slice(10).sort((a, b) => a - b);
  return { first: times[0], median: warm[warm.length >> 1], worst: warm.at(-1) };
}

/** Prints the rows and gives them. Undefined where the corpus is absent. */
export async function serviceRows() {
  if (!existsSync(archive)) {
    console.log("service: no corpus at ../shared/corpora/sigma.tar.zst");
    return undefined;
  }
  const corpus = mkdtempSync(join(tmpdir(), "rulemint-bench-sigma-"));
  const publisher = await openPublisher();
  try {
    execFileSync("tar", ["--zstd", "-xf", archive, "-C", corpus]);
    const dates = readdirSync(join(corpus, "sigma")).sort().slice(-2);
    const releases = [];
    for (const date of dates) {
      const row = { date, ...(await publishVersion(publisher, "sigma", join(corpus, "sigma", date))) };
      releases.push(row);
      console.log(
        `publish sigma ${date}, ${row.rules} rules, release ${row.release}: ${row.whole.toFixed(1)} s from approval to served ` +
          `(build ${row.build.toFixed(1)} s, assay ${row.assay.toFixed(1)} s, publish ${row.publish.toFixed(1)} s); ` +
          `${row.whole <= publishSecondsMax ? "within" : "NOT within"} ${publishSecondsMax} s`,
      );
    }
    const verify = await verifyMs(publisher, 2);
    console.log(
      `verify the evidence of one release: ${verify.median.toFixed(1)} ms (first ${verify.first.toFixed(1)} ms, ` +
        `worst ${verify.worst.toFixed(1)} ms); ${verify.median <= verifyMsMax ? "within" : "NOT within"} ${verifyMsMax} ms`,
    );
    return { releases, verify };
  } finally {
    await publisher.close();
    rmSync(corpus, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serviceRows();
