/**
 * `kill -9` of an overseer at random instants, before a publisher who offers three manifests of one number by turns: two that are both
 * right, and one whose database is another. Whatever happens, one of the right ones is signed, and never the other; the wrong one never;
 * and whoever is started again gives the answers that are due. RULEMINT_KILLS says how often.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import { openWebCryptoSigner } from "../../src/adapters/signer/webcrypto.js";
import { hexBytes } from "../../src/core/encoding/bytes.js";
import { formatDSSE, readDSSE } from "../../src/core/trust/attest/dsse.js";
import { provenanceFor } from "../../src/core/trust/attest/provenance.js";
import { signedPartDigest } from "../../src/core/trust/attest/release-subjects.js";
import { signStatement } from "../../src/core/trust/attest/sign-statement.js";
import { parseVerdict } from "../../src/core/trust/attest/verdict.js";
import { verifyTUFSignature } from "../../src/core/trust/keys.js";
import { parseManifest } from "../../src/core/trust/manifest.js";
import { parseEnvelope } from "../../src/core/trust/metadata.js";
import { signMetadata, tufKeyOfSigner } from "../../src/issuing/tuf-signatures.js";
import type { Signer } from "../../src/ports/signer.js";
import { temporaryFolder } from "../support/temporary.js";
import { cliPath, inState, PublisherProcess, until } from "./publisher-process.js";

const kills = Number(process.env.RULEMINT_KILLS ?? 3);
const killsARelease = 6;
/** About as long as an assay takes once it has the manifest. */
const longestMs = 400;

interface Offer {
  readonly name: "right" | "right too" | "wrong";
  readonly manifest: Uint8Array;
  readonly message: Uint8Array;
  readonly signedSha256: string;
  readonly provenance: Uint8Array;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON that a test reads or bends
type Loose = any;

let publisher: PublisherProcess;
let folder: { readonly path: string; remove(): Promise<void> };
let liar: Server;
let url: string;
let publisherKey: Signer;
let overseerKey: Signer;
let offers: Offer[];
let offered: Offer;
let turns = 0;
/** What arrived with the overseer's signature, by the release's number: the names of the offers. */
const signed = new Map<number, Set<string>>();
/** Answers that arrived, by the release's number: `PASSED right`, `FAILED wrong`. */
const answers = new Map<number, Set<string>>();
/** What the overseer had got from the desk, or told it, when it was killed. */
const instants = new Map<string, number>();
let lastHeard = "nothing";

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  const key = (data: string, path: string) =>
    openWebCryptoSigner({
      path: join(data, path),
      passphrase: readFileSync(join(data, "keys/passphrase"), "utf8").trim(),
    });
  publisherKey = await key(publisher.data, "keys/publisher.key");
  overseerKey = await key(publisher.overseer, "keys/assay.key");
  liar = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => liar.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
});
afterAll(async () => {
  liar.closeAllConnections();
  liar.close();
  await publisher.stop("SIGKILL");
  await folder.remove();
});

async function offerOf(name: Offer["name"], file: Uint8Array, edit: (signed: Loose) => void): Promise<Offer> {
  const { signed: part } = JSON.parse(new TextDecoder().decode(file));
  edit(part);
  const manifest = await signMetadata(part, [publisherKey]);
  const envelope = parseEnvelope(manifest, "targets");
  const statement = await provenanceFor(parseManifest(envelope.signed), envelope.signed, publisherKey.spki);
  return {
    ...{ name, manifest, message: envelope.message },
    signedSha256: await signedPartDigest(envelope.signed),
    provenance: formatDSSE(await signStatement(statement, publisherKey)),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const path = request.url ?? "/";
  const [, what = ""] = /\/releases\/\d+\/([a-z]+)/.exec(path) ?? [];
  if (what !== "") lastHeard = `${request.method} ${what}`;
  if (request.method === "GET" && what === "manifest") {
    offered = offers[turns++ % offers.length] as Offer;
    return void response.end(offered.manifest);
  }
  if (request.method === "GET" && what === "provenance") return void response.end(offered.provenance);
  const told = /\/releases\/(\d+)\/(attestations|verdicts)$/.exec(path);
  if (request.method === "POST" && told !== null) {
    await hear(Number(told[1]), JSON.parse(body.toString("utf8")));
    return void response.writeHead(201, { "content-type": "application/json" }).end("{}");
  }
  const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
  const init = { method: request.method, headers: headers as Record<string, string> };
  const passed = await fetch(publisher.origin + path, body.length > 0 ? { ...init, body } : init);
  response.writeHead(passed.status, { "content-type": passed.headers.get("content-type") ?? "" });
  response.end(Buffer.from(await passed.arrayBuffer()));
}

async function hear(release: number, body: Loose): Promise<void> {
  const names = setOf(signed, release);
  if (body.envelope !== undefined) {
    const verdict = parseVerdict(readDSSE(body.envelope));
    const about = offers.find(({ signedSha256 }) =>
      verdict.subjects.some(({ sha256 }) => sha256 === signedSha256),
    );
    const name = about?.name ?? "what nobody offered";
    if (verdict.result === "PASSED") names.add(name);
    setOf(answers, release).add(`${verdict.result} ${name}`);
  } else if (body.signature !== undefined) {
    const key = tufKeyOfSigner(overseerKey);
    let known = false;
    for (const { name, message } of offers) {
      if (!(await verifyTUFSignature(key, message, hexBytes(body.signature)))) continue;
      names.add(name);
      known = true;
    }
    if (!known) names.add("what nobody offered");
  }
}

function setOf(sets: Map<number, Set<string>>, release: number): Set<string> {
  const found = sets.get(release) ?? new Set<string>();
  sets.set(release, found);
  return found;
}

function startOverseer() {
  const words = ["assay", "watch", "--data", publisher.overseer, "--server", url, "--every", "1"];
  const child = spawn(process.execPath, [cliPath, ...words], {
    env: { ...process.env, RULEMINT_TOKEN: publisher.token("overseer") },
    stdio: "ignore",
  });
  return { child, ended: once(child, "close") };
}

async function releaseUnderFire(release: number, times: number): Promise<void> {
  await publisher.addRules("hosts", { "a.txt": `host-${release}.example.com\n` });
  await publisher.build();
  await publisher.reaches(release, inState("signed"));
  const file = await fetch(`${publisher.origin}/v1/feeds/endpoint/releases/${release}/manifest`, {
    headers: { authorization: `Bearer ${publisher.token("overseer")}` },
  });
  const bytes = new Uint8Array(await file.arrayBuffer());
  const inDays = (days: number) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
  offers = [
    { ...(await offerOf("right", bytes, () => undefined)), manifest: bytes },
    await offerOf("right too", bytes, (part: Loose) => {
      part.expires = inDays(11);
    }),
    await offerOf("wrong", bytes, (part: Loose) => {
      part["x-rulemint"].database.sha256 = "0".repeat(64);
      for (const { custom } of Object.values(part.targets) as Loose[])
        if (custom.to === release) custom.databaseSha256 = "0".repeat(64);
    }),
  ];
  for (let kill = 0; kill < times; kill++) await killOne(kill % 4 === 3);
  expect(setOf(signed, release).size).toBeLessThanOrEqual(1);
}

/** Some die in their start, the others after they were given a manifest. */
async function killOne(early: boolean): Promise<void> {
  const before = turns;
  lastHeard = "nothing";
  const { child, ended } = startOverseer();
  if (!early)
    await until(
      "a manifest asked for",
      async () => turns,
      (now) => now > before,
    );
  await pause(Math.random() * longestMs);
  child.kill("SIGKILL");
  await ended;
  instants.set(lastHeard, (instants.get(lastHeard) ?? 0) + 1);
}

/** The second half of the promise: no answer is lost, however often whoever owed it was killed. */
async function atRest(release: number): Promise<void> {
  const { child, ended } = startOverseer();
  const enough = turns + 2 * offers.length + 1;
  await until(
    "every offer judged",
    async () => turns,
    (now) => now >= enough,
  );
  child.kill("SIGTERM");
  await ended;
  const [name, ...others] = setOf(signed, release);
  expect(others).toEqual([]);
  expect(name).toMatch(/^right/);
  const other = name === "right" ? "right too" : "right";
  expect([...setOf(answers, release)].sort()).toEqual([`FAILED ${other}`, "FAILED wrong", `PASSED ${name}`]);
}

describe("an overseer that is killed with SIGKILL", () => {
  it("SPEC §10.3.5 signs one manifest a number, none that it did not rebuild, and answers every one", {
    timeout: 3_600_000,
  }, async () => {
    let release = 0;
    for (let left = kills; left > 0; left -= killsARelease) {
      await releaseUnderFire(++release, Math.min(left, killsARelease));
      await atRest(release);
      // One number at a time is under way: this one ends, so that the next can begin.
      const over = { result: "FAILED", explanation: "the next number" } as const;
      await publisher.as("overseer").addVerdict("endpoint", release, over);
    }
    const when = [...instants].map(([heard, count]) => `${count} after ${heard}`).join(", ");
    console.log(
      `faults: ${kills} kills of the overseer (${when}), ${release} numbers, each with one signature`,
    );
    const records = await openSQLiteRecords({ path: join(publisher.overseer, "records.sqlite") });
    expect(await records.list("signed")).toHaveLength(release);
    await records.close();
  });
});
