// One run of everything: analyst, reviewer, compiler, signature, overseer, publication, endpoint, attacker, auditor.
import { createServer } from "node:http";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bytes, heading, program, rulemint, say, startServer, timed } from "./demo-parts/run.mjs";
import { datedVersions, ownVersions, sampleVersions } from "./demo-parts/rules.mjs";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const cli = join(project, "dist/main/cli.js");
const softhsm = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"].find(
  existsSync,
);

const usage = "scripts/demo [--keep DIR] [--rules DIR] [--signer pkcs11|webcrypto] [--no-corpora]";
const { values: options } = parse();
const keep = options.keep ? resolve(options.keep) : mkdtempSync(join(tmpdir(), "rulemint-demo-"));
const at = (...parts) => join(keep, ...parts);
const signer = options.signer ?? (softhsm ? "pkcs11" : "webcrypto");
const environment = {};
const began = Date.now();

for (const part of ["publisher", "overseer", "endpoint", "monitor", "audit"]) {
  if (existsSync(at(part))) fail(`${at(part)} is already there; give --keep an empty folder`);
}
mkdirSync(keep, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "rulemint-demo-work-"));
let service;
let witness;
try {
  const versions = options.rules
    ? ownVersions(resolve(options.rules), work)
    : joined(sampleVersions(work), await corpora());
  await initialise();
  await moveWitnessOut();
  service = await startServer(cli, ["serve", "--data", at("publisher")], environment);
  say(`the service listens on ${service.address}, loopback only: these are development keys`);
  for (const [i, version] of versions.entries()) await release(i + 1, version);
  await lateEndpoint(versions.length);
  await attacks();
  await follow();
  await audit();
  finish(versions.length);
} finally {
  await service?.stop();
  await witness?.stop();
  rmSync(work, { recursive: true, force: true });
  if (!options.keep) rmSync(keep, { recursive: true, force: true });
}

async function initialise() {
  heading("Keys, certificates, trust");
  const args = ["init", "--data", at("publisher"), "--overseer", at("overseer"), "--signer", signer];
  if (signer === "pkcs11") args.push(...(await softToken()));
  const made = await rulemint(cli, args, { env: environment });
  for (const name of ["root.json", "anchors.pem"])
    writeFileSync(at(name), readFileSync(at("publisher", name)));
  say(
    signer === "pkcs11"
      ? "the publisher's key was made inside a PKCS#11 token (SoftHSM2) and cannot leave it"
      : "the publisher's key is in an encrypted file (WebCrypto signer)",
  );
  say(`the signing certificate: ${made.publisher.subject}, until ${made.publisher.notAfter.slice(0, 10)}`);
  say("TUF root: 2 of 3 shares; the feed needs publisher AND overseer; the root carries the Swiss anchors");
}

/** The overseer witnesses the log from a process of its own, which the publisher can only ask. */
async function moveWitnessOut() {
  const settings = at("publisher", "rulemint.yaml");
  const before = readFileSync(settings, "utf8");
  const started = await startServer(cli, ["witness", "serve", "--data", at("overseer")], environment);
  const place = `folder: ${at("overseer")}`;
  if (!before.includes(place)) fail(`expected ${place} in ${settings}`);
  writeFileSync(settings, before.replace(place, `url: ${started.address}`));
  const stop = async () => {
    await started.stop();
    // Whoever goes on with the folder has the witness in it again.
    writeFileSync(settings, before);
  };
  witness = { ...started, stop };
  say(`the overseer's witness of the log is a process of its own, on ${started.address}`);
}

async function softToken() {
  if (!softhsm) fail("--signer pkcs11 needs softhsm2; install it or use --signer webcrypto");
  const tokens = at("publisher-token");
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const conf = at("softhsm2.conf");
  writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  environment.SOFTHSM2_CONF = conf;
  const pin = at("token-pin");
  const digits = () =>
    String(crypto.getRandomValues(new Uint32Array(1))[0])
      .padStart(8, "0")
      .slice(0, 8);
  writeFileSync(pin, digits(), { mode: 0o600 });
  await program(
    "softhsm2-util",
    [
      "--init-token",
      "--free",
      "--label",
      "rulemint",
      "--pin",
      readFileSync(pin, "utf8"),
      "--so-pin",
      digits(),
    ],
    { env: environment },
  );
  return [
    "--pkcs11-module",
    softhsm,
    "--token-label",
    "rulemint",
    "--key-label",
    "publisher",
    "--pin-file",
    pin,
  ];
}

function token(role) {
  const folder = role === "overseer" ? at("overseer") : at("publisher", "tokens");
  return readFileSync(join(folder, `${role}.token`), "utf8").trim();
}
function as(role) {
  return { env: { ...environment, RULEMINT_SERVER: service.address, RULEMINT_TOKEN: token(role) } };
}

async function release(number, rulesets) {
  heading(`Release ${number}: from files to the endpoint`);
  if (number === 1) await refusals(rulesets[0]);
  for (const { ruleset, kind, folder } of rulesets) await submitAndApprove(ruleset, kind, folder, number);
  const [built, seconds] = await timed(() =>
    rulemint(cli, ["release", "build", "--feed", "endpoint"], as("release-manager")),
  );
  const full = built.packs.find((pack) => pack.kind === "full");
  say(
    `compiled: ${bytes(built.database.bytes)} of database, full pack ${bytes(full.bytes)}, ${seconds.toFixed(1)} s`,
  );
  for (const pack of built.packs.filter((one) => one.kind === "delta" && one.to === number)) {
    say(
      `delta from release ${pack.from}: ${bytes(pack.bytes)}, one part in ${Math.round(full.bytes / pack.bytes)}`,
    );
  }
  if (number === 1) {
    const refusal = await rulemint(cli, ["release", "publish", "--feed", "endpoint"], {
      ...as("release-manager"),
      refused: true,
    });
    say(`published without the overseer? refused: ${refusal.error.code}`);
  }
  const [verdict, assaySeconds] = await timed(() =>
    rulemint(cli, ["assay", "run", "--feed", "endpoint", "--data", at("overseer")], as("overseer")),
  );
  say(
    `the overseer rebuilt it from the sources: ${verdict.result}, ${assaySeconds.toFixed(1)} s; it signed the manifest`,
  );
  const [, publishSeconds] = await timed(() =>
    rulemint(cli, ["release", "publish", "--feed", "endpoint"], as("release-manager")),
  );
  say(
    `sealed (CMS and RFC 3161 time-stamp over the manifest and every pack), published: ${publishSeconds.toFixed(1)} s`,
  );
  await updateEndpoint(number);
}

async function refusals(first) {
  const broken = join(work, "broken");
  mkdirSync(broken, { recursive: true });
  writeFileSync(
    join(broken, "broken.yar"),
    'rule A {\n  condition:\n    $missing\n}\nrule B {\n  strings:\n    $x = "a\n}\n',
  );
  const lint = await rulemint(
    cli,
    ["submission", "create", "--ruleset", "scratch", "--kind", "yara", broken],
    {
      ...as("analyst"),
      refused: true,
    },
  );
  const errors = (lint.error.details?.findings ?? []).filter((one) => one.severity === "error");
  say(`a broken rule: ${lint.error.code}, ${errors.length} errors named at once:`);
  for (const one of errors.slice(0, 4))
    say(`  ${one.path}:${one.line}:${one.column} ${one.code} ${one.message}`);
  const own = await rulemint(cli, submit(first), as("analyst"));
  const self = await rulemint(cli, ["submission", "approve", own.id], { ...as("analyst"), refused: true });
  say(`an analyst approves: ${self.error.code}`);
}

function submit({ ruleset, kind, folder }, message = "demo") {
  const named = ["--ruleset", ruleset, "--kind", kind, "--message", message];
  return ["submission", "create", ...named, "--leave-out-invalid", folder];
}

async function submitAndApprove(ruleset, kind, folder, number) {
  const quiet = { quiet: number > 1 };
  const made = await rulemint(cli, submit({ ruleset, kind, folder }, `version ${number}`), {
    ...as("analyst"),
    ...quiet,
  });
  if (made.state === "open")
    await rulemint(cli, ["submission", "approve", made.id], { ...as("reviewer"), ...quiet });
  const left = made.findings.filter((one) => one.severity === "error").length;
  const out = left > 0 ? `, ${left} broken rules left out and listed` : "";
  const files = `${made.files.length} ${made.files.length === 1 ? "file" : "files"}`;
  say(
    `${ruleset}: ${made.rules.toLocaleString("en")} rules in ${files}${out}; submitted by one person, approved by another`,
  );
}

async function updateEndpoint(number) {
  if (number === 1) {
    const args = [
      "client",
      "init",
      "--state",
      at("endpoint"),
      "--url",
      service.address,
      "--root",
      at("root.json"),
    ];
    await rulemint(cli, args, { env: environment });
  }
  const [updated, seconds] = await timed(() =>
    rulemint(cli, ["client", "update", "--state", at("endpoint")], { env: environment }),
  );
  say(`endpoint: release ${updated.release} applied in ${seconds.toFixed(1)} s. ${updated.path.reason}`);
}

async function lateEndpoint(newest) {
  heading("An endpoint that comes late");
  const state = join(work, "late");
  const args = ["client", "init", "--state", state, "--url", service.address, "--root", at("root.json")];
  await rulemint(cli, args, { env: environment });
  const updated = await rulemint(cli, ["client", "update", "--state", state], { env: environment });
  const same = readFileSync(join(state, "database")).equals(readFileSync(at("endpoint", "database")));
  if (!same || updated.release !== newest) fail("the late endpoint holds another database");
  say(`it took the full pack, and its database equals the one that was built by deltas, byte for byte`);
}

/** A mirror between service and endpoint that changes what it likes. */
async function mirror(change) {
  const root = at("publisher", "public");
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://mirror").pathname);
    const file = join(root, path);
    if (!file.startsWith(root) || !existsSync(file) || !statSync(file).isFile())
      return response.writeHead(404).end();
    const content = change(path, readFileSync(file));
    return response.writeHead(content ? 200 : 404).end(content ?? undefined);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((done) => server.close(done)),
  };
}

async function attacks() {
  heading("A mirror that lies");
  const flip = (content) => {
    const other = Buffer.from(content);
    other[Math.floor(other.length / 2)] ^= 1;
    return other;
  };
  const oneSignature = (content) => {
    const file = JSON.parse(content);
    file.signatures = file.signatures.slice(0, 1);
    return Buffer.from(JSON.stringify(file));
  };
  const lies = [
    ["one bit of a pack", (path, content) => (path.endsWith(".rmp") ? flip(content) : content)],
    ["one bit of the CMS", (path, content) => (/^\/evidence\/.*\.p7s$/.test(path) ? flip(content) : content)],
    [
      "the overseer's signature gone",
      (path, content) => (/\d+\.endpoint\.json$/.test(path) ? oneSignature(content) : content),
    ],
    ["the evidence withheld", (path, content) => (path.startsWith("/evidence/") ? undefined : content)],
  ];
  for (const [i, [name, change]] of lies.entries()) {
    const liar = await mirror(change);
    const state = join(work, `lie-${i}`);
    const quiet = { env: environment, quiet: true };
    await rulemint(
      cli,
      ["client", "init", "--state", state, "--url", liar.url, "--root", at("root.json")],
      quiet,
    );
    const answer = await rulemint(cli, ["client", "update", "--state", state], { ...quiet, refused: true });
    await liar.close();
    if (existsSync(join(state, "database"))) fail(`after "${name}" the endpoint has a database`);
    say(`${name}: ${answer.error.code}, nothing applied`);
  }
}

async function follow() {
  heading("Anybody follows the log: a monitor that knows its address and its key");
  const policy = at("publisher", "log-policy.txt");
  const vkey = /^log (\S+)/m.exec(readFileSync(policy, "utf8"))[1];
  const words = [
    "monitor",
    "--once",
    "--data",
    at("monitor"),
    "--url",
    `${service.address}/log`,
    "--vkey",
    vkey,
  ];
  const seen = await rulemint(cli, [...words, "--policy", policy, "--tree", service.address]);
  const kinds = new Set(seen.entries.map(({ entry }) => entry.kind));
  say(`${seen.entries.length} entries (${[...kinds].join(", ")}), ${seen.alarms.length} alarms`);
}

async function audit() {
  heading("An auditor, with our tool and then without it");
  mkdirSync(at("audit"), { recursive: true });
  const args = [
    "audit",
    "release",
    "--url",
    service.address,
    "--root",
    at("root.json"),
    "--feed",
    "endpoint",
    "--rebuild",
  ];
  const [report, seconds] = await timed(() => rulemint(cli, args, as("auditor")));
  writeFileSync(at("audit", "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  const person = await program(process.execPath, [cli, ...args], { ...as("auditor"), quiet: true });
  writeFileSync(at("audit", "report.txt"), person);
  say(
    `${report.steps.length} steps, verdict: ${report.verdict}, ${seconds.toFixed(1)} s, sources compiled again and compared`,
  );
  say("and with strangers' tools, line by line from docs/VERIFY.md:");
  const { names, lines } = verifyByHand();
  for (const { title, line } of lines.filter(({ title }) => !title.endsWith("(in a bundle)"))) {
    const said = await program("bash", ["-euo", "pipefail", "-c", `${names}\n${line}`], { cwd: keep });
    say(`${title}: ${said.trim().split("\n").at(-1)?.trim() || "done"}`);
  }
}

/** The commands of docs/VERIFY.md, one a fenced block, each with the heading that it stands under; and the block before all. */
function verifyByHand() {
  const page = readFileSync(join(project, "docs/VERIFY.md"), "utf8");
  const [{ line: names }, ...lines] = page.split(/^## \d+\. /m).flatMap((section) => {
    const title = section.split("\n", 1)[0];
    return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => ({ title, line: match[1].trim() }));
  });
  return { names, lines };
}

function finish(releases) {
  heading("What is left");
  say(`${releases} releases in ${((Date.now() - began) / 1000).toFixed(0)} s, signed with ${signer}`);
  if (!options.keep) return say("nothing: start again with --keep DIR to look at the tree");
  say(`${at("publisher")}   the service's data; ${at("publisher", "public")} is what the world sees`);
  say(`${at("overseer")}    the overseer's key, its copies and its verdicts`);
  say(`${at("endpoint")}    the endpoint: database, export, proof`);
  say(`${at("audit")}       report.txt for people, report.json for machines`);
  return say(`${at("root.json")}, ${at("anchors.pem")}: what a customer pins`);
}

async function corpora() {
  const shared = join(project, "../shared/corpora");
  if (options["no-corpora"] || !existsSync(join(shared, "sigma.tar.zst"))) return [[], [], []];
  const folder = join(work, "corpora");
  mkdirSync(folder);
  const kinds = ["sigma", "suricata", "yara"];
  for (const kind of kinds)
    await program("tar", ["--zstd", "-xf", join(shared, `${kind}.tar.zst`), "-C", folder]);
  return datedVersions(folder, kinds);
}

function joined(one, other) {
  return one.map((version, i) => [...version, ...other[i]]);
}

function parse() {
  try {
    const text = { type: "string" };
    return parseArgs({
      options: { keep: text, rules: text, signer: text, "no-corpora": { type: "boolean" } },
    });
  } catch (error) {
    console.error(`${error.message}\nusage: ${usage}`);
    return process.exit(2);
  }
}

function fail(message) {
  throw new Error(message);
}
