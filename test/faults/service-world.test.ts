/** What goes wrong around a running service: time-stamp authorities, signals, addresses, metadata that is about to expire. */
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Release } from "../../src/cli/api-client.js";
import { requireHonestKeys } from "../../src/main/compose-service.js";
import { readConfiguration } from "../../src/main/configuration.js";
import { tarArchive } from "../support/tar.js";
import { temporaryFolder } from "../support/temporary.js";
import { feed, inState, indicators, PublisherProcess, rulemint, until } from "./publisher-process.js";

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let number = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await folder.remove();
});
afterEach(() => publisher.stop());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** An authority elsewhere, which in truth asks the one of this service. */
function authorityOn(port: number): Promise<Server> {
  const server = createServer((query, response) => {
    const headers = { "content-type": query.headers["content-type"] ?? "" };
    const forward = httpRequest(`${publisher.origin}/tsa`, { method: "POST", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    query.pipe(forward);
  });
  return new Promise((listening) => {
    server.listen(port, "127.0.0.1", () => listening(server));
  });
}

/** Co-signed, and publication asked for. */
async function askForPublication(): Promise<Release> {
  await publisher.addRules("hosts", { "a.txt": indicators(++number, 200) });
  const { release } = await publisher.build();
  await publisher.reaches(release, inState("signed"));
  expect(await publisher.assay()).toMatchObject({ exit: 0 });
  return publisher.publish(release);
}

describe("a process that is the only one", () => {
  it("says that it leads, to whoever may read measurements", async () => {
    await publisher.start();
    const headers = { Authorization: `Bearer ${publisher.token("monitor")}` };
    const text = await (await fetch(`${publisher.origin}/metrics`, { headers })).text();
    expect(text).toMatch(/^rulemint_leading 1$/m);
  });
});

describe("time-stamp authorities", () => {
  it("that are all down make the release wait, visibly; it goes on by itself when one is back", async () => {
    const ports = [await freePort(), await freePort()] as const;
    publisher.configure({ timestampAuthorities: ports.map((port) => `http://127.0.0.1:${port}/tsa`) });
    await publisher.start();
    const { release } = await askForPublication();
    const stuck = await publisher.reaches(release, ({ waitingFor }) => waitingFor !== null);
    expect(stuck).toMatchObject({ state: "assayed", retry: { attempts: 1 } });
    for (const port of ports)
      expect(stuck.waitingFor).toMatch(new RegExp(`^TSA_UNAVAILABLE: .*:${port}/tsa: `));
    const shown = await publisher.cli("auditor", "release", "show", "--feed", feed);
    expect(shown.stdout).toMatch(/^waiting for +TSA_UNAVAILABLE: /m);

    // The second address comes to life, the first stays dead.
    const authority = await authorityOn(ports[1]);
    expect(await publisher.reaches(release, inState("published"))).toMatchObject({ waitingFor: null });
    const next = await askForPublication();
    const states = new Set<string | null>();
    await publisher.reaches(next.release, (one) => {
      states.add(one.waitingFor);
      return one.state === "published";
    });
    expect([...states]).toEqual([null]);
    await new Promise((closed) => {
      authority.closeAllConnections();
      authority.close(closed);
    });
    publisher.configure({ timestampAuthorities: [] });
  });
});

describe("SIGTERM", () => {
  /** A submission whose second half is sent when the caller says so. */
  function halfSent(files: Readonly<Record<string, string>>) {
    const tar = tarArchive(files);
    const path = "/v1/submissions?ruleset=slow&kind=ioc";
    const headers = {
      authorization: `Bearer ${publisher.token("analyst")}`,
      "content-type": "application/x-tar",
    };
    const call = httpRequest(publisher.origin + path, { method: "POST", headers });
    const answer = new Promise<{ status: number; body: string }>((done, failed) => {
      call.once("error", failed).once("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          body += part;
        });
        response.once("end", () => done({ status: response.statusCode ?? 0, body }));
      });
    });
    const sent = new Promise<void>((written) => {
      call.write(tar.subarray(0, 700), () => written());
    });
    return { sent, answer, finish: () => call.end(tar.subarray(700)) };
  }

  const stopping = () =>
    until(
      "the service to be stopping",
      async () => publisher.said.join("\n"),
      (said) => said.includes("stopping"),
    );

  it("lets the request under way finish, and keeps what it brought", async () => {
    await publisher.start();
    const upload = halfSent({ "a.txt": indicators(500, 100) });
    await upload.sent;
    const stopped = publisher.stop("SIGTERM");
    await stopping();
    upload.finish();
    const { status, body } = await upload.answer;
    expect(status).toBe(201);
    const answered = Date.now();
    expect(await stopped).toBe(0);
    // The caller kept its connection; that is no reason to wait for the longest that a stop may take.
    expect(Date.now() - answered).toBeLessThan(8000);
    await publisher.start();
    const { id } = JSON.parse(body) as { id: string };
    expect(await publisher.as("auditor").getSubmission(id)).toMatchObject({ ruleset: "slow", state: "open" });
  });

  it("does not wait for ever for a caller who never finishes", async () => {
    await publisher.start();
    const upload = halfSent({ "a.txt": indicators(500, 100) });
    await upload.sent;
    const [stopped, answered] = await Promise.allSettled([publisher.stop("SIGTERM"), upload.answer]);
    expect(stopped).toEqual({ status: "fulfilled", value: 0 });
    expect(answered).toMatchObject({ status: "rejected" });
  });
});

describe("metadata that is due", () => {
  const timestamp = () => {
    const file = readFileSync(join(publisher.data, "public/metadata/timestamp.json"), "utf8");
    return (JSON.parse(file) as { signed: { version: number; expires: string } }).signed;
  };

  it("is signed again when the service starts, once, and not at the next start", async () => {
    await publisher.start();
    await publisher.stop();
    const before = timestamp();
    // What was made for one day has less than half of three days left.
    publisher.configure({ expiryDays: { feed: 30, snapshot: 7, timestamp: 3 } });
    await publisher.start();
    const version = before.version + 1;
    await until(
      "a new timestamp",
      async () => timestamp().version,
      (found) => found === version,
    );
    expect(Date.parse(timestamp().expires) - Date.parse(before.expires)).toBeGreaterThan(1.9 * 86_400_000);
    await publisher.stop();
    await publisher.start();
    await publisher.stop();
    expect(timestamp().version).toBe(version);
  });
});

describe("development keys", () => {
  const serve = (...words: string[]) => rulemint(["serve", "--data", publisher.data, ...words]);

  it("are refused on every address that is not loopback", async () => {
    const { exit, stderr } = await serve("--listen", "0.0.0.0:0");
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^error: DEVELOPMENT_KEYS: /m);
    const configuration = readConfiguration(publisher.data);
    for (const host of [
      "0.0.0.0",
      "::",
      "",
      "192.168.1.1",
      "127.0.0.1.example.com",
      "localhost.example.com",
    ]) {
      const check = () => requireHonestKeys(publisher.data, configuration, host);
      expect(check, host).toThrowError(expect.objectContaining({ code: "DEVELOPMENT_KEYS" }));
    }
    for (const host of ["127.0.0.1", "127.8.8.8", "::1", "localhost"]) {
      requireHonestKeys(publisher.data, configuration, host);
    }
  });

  it("are taken off loopback under the setting whose name says unsafe", () => {
    publisher.configure({ developmentKeysOffLoopbackUnsafe: true });
    requireHonestKeys(publisher.data, readConfiguration(publisher.data), "0.0.0.0");
    publisher.configure({ developmentKeysOffLoopbackUnsafe: false });
  });

  it.each(["nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", ":8420"])(
    "do not come to a question at an address like %s",
    async (address) => {
      const { exit, stderr } = await serve("--listen", address);
      expect(exit).toBe(2);
      expect(stderr).toMatch(/^error: USAGE: expected HOST:PORT, got /m);
    },
  );
});
