/** `litewitness`, a witness that is not ours, cosigns our log's checkpoints and refuses a split view. Said plainly where it is absent. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeDigest, nodePairDigest } from "../../src/adapters/node-digest.js";
import { openFilesystemLog } from "../../src/adapters/log/filesystem.js";
import { openHTTPWitness } from "../../src/adapters/witness/http.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { parseLogPolicy } from "../../src/core/log/log-policy.js";
import { cosignatureKeyType, formatVerifierKey, verifierKey } from "../../src/core/log/verifier-key.js";
import { formatAddCheckpoint } from "../../src/core/log/witness-request.js";
import { type OwnLog, appendToLog, checkpointOver } from "../../src/services/append-to-log.js";
import { until } from "../faults/publisher-process.js";
import { TestLog } from "../support/log-world.js";
import { peerProgram } from "../support/peers.js";
import { temporaryFolder } from "../support/temporary.js";
import { signerOf } from "../support/test-witness.js";

const [litewitness, witnessctl] = ["litewitness", "witnessctl"].map((one) =>
  peerProgram(one, "sid", "torchwood"),
);
const agentHere = spawnSync("ssh-agent", ["-h"], { stdio: "ignore" }).error === undefined;
if (!agentHere) console.warn("ssh-agent is not here, which holds litewitness's key: it was not asked");

const name = "witness.example/lite";
const ours = () => new TestLog("example.com/lite");
const children: ChildProcess[] = [];
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let url: string;
let publicKey: Uint8Array;
const at = (file: string) => join(folder.path, file);

const run = (program: string, ...words: string[]) => {
  const environment = { ...process.env, SSH_AUTH_SOCK: at("agent") };
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", env: environment });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
};

function start(program: string, ...words: string[]): void {
  children.push(spawn(program, words, { stdio: "ignore" }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const available = litewitness !== undefined && witnessctl !== undefined && agentHere;

beforeAll(async () => {
  folder = await temporaryFolder();
  if (!available) return;
  start("ssh-agent", "-D", "-a", at("agent"));
  run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("key"));
  await until(
    "the agent",
    async () => spawnSync("ssh-add", ["-q", at("key")], { env: { SSH_AUTH_SOCK: at("agent") } }).status,
    (status) => status === 0,
  );
  const [, blob = ""] = run("ssh-keygen", "-y", "-f", at("key")).split(" ");
  const wire = Buffer.from(blob, "base64");
  publicKey = new Uint8Array(wire.subarray(-32));
  const fingerprint = `SHA256:${createHash("sha256").update(wire).digest("base64").replace(/=+$/, "")}`;
  const { origin, log } = ours();
  run(witnessctl, "add-log", "-db", at("db"), "-origin", origin);
  run(witnessctl, "add-key", "-db", at("db"), "-origin", origin, "-key", log.vkey);
  const listen = `127.0.0.1:${await freePort()}`;
  url = `http://${listen}`;
  start(
    litewitness,
    "-db",
    at("db"),
    "-name",
    name,
    "-key",
    fingerprint,
    "-ssh-agent",
    at("agent"),
    "-listen",
    listen,
  );
  await until(
    "litewitness",
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    (up) => up,
  );
});
afterAll(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  await folder.remove();
});

const grown = (size: number, word = "entry") =>
  ours().append(...Array.from({ length: size }, (_, i) => `${word} ${i}`));
async function ask(log: TestLog, oldSize: number): Promise<number> {
  const body = formatAddCheckpoint({
    oldSize,
    proof: await log.continues(oldSize),
    checkpoint: log.checkpoint(),
  });
  return (await fetch(`${url}/add-checkpoint`, { method: "POST", body })).status;
}

describe.runIf(available)("litewitness", () => {
  it("SPEC §11.9.7 cosigns what our own log asks it to, as it grows, and makes the quorum of its policy", async () => {
    const key = verifierKey(name, cosignatureKeyType, publicKey);
    const { log: logKey, origin } = ours();
    const text = `log ${logKey.vkey}\nwitness lite ${formatVerifierKey(key)} ${url}\nquorum lite\n`;
    const store = await openFilesystemLog({ files: at("public"), state: at("state"), digest: nodeDigest });
    const log: OwnLog = {
      ...{ origin, signer: signerOf(logKey), store, pairDigest: nodePairDigest },
      witnesses: [openHTTPWitness({ name: "lite", key, url })],
      policy: async () => parseLogPolicy(text),
      clock: { now: () => new Date() },
      pause: async () => undefined,
    };
    for (const size of [1, 300]) {
      const entries = Array.from({ length: size - store.size }, (_, i) =>
        utf8Bytes(`entry ${store.size + i}`),
      );
      const first = await appendToLog(log, entries);
      const checkpoint = await checkpointOver(log, first + entries.length - 1);
      expect(checkpoint).toMatchObject({ size, cosignatures: [{ witness: "lite" }] });
    }
    await store.close();
  });

  it("refuses a split view of it, and what it does not know", async () => {
    expect(await ask(grown(300), 300)).toBe(200);
    expect(await ask(grown(300, "lie"), 300)).toBeOneOf([409, 422]);
    expect(await ask(grown(400, "lie"), 300)).toBe(422);
    expect(await ask(grown(400), 0)).toBe(409);
    expect(await ask(new TestLog("example.com/unknown").append("x"), 0)).toBe(404);
    expect(await ask(grown(400), 300)).toBe(200);
  });
});
