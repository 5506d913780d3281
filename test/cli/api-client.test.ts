/** The typed client: what it sends, and what it makes of refusals, of nonsense and of silence. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { createAPIClient } from "../../src/cli/api-client.js";
import { OperationError } from "../../src/core/errors.js";
import { release, submission } from "./examples.js";
import { listen, stop } from "../support/listen.js";

let running: Server | undefined;
afterEach(async () => {
  if (running !== undefined) await stop(running);
  running = undefined;
});

async function serving(handler: RequestListener, path = "") {
  const { server, origin } = await listen(handler);
  running = server;
  return createAPIClient(origin + path, "rmt_token");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

describe("the client", () => {
  it("has the types of openapi.yaml", () => {
    const script = fileURLToPath(new URL("../../scripts/generate-api-types.mjs", import.meta.url));
    expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toContain("is current");
  });

  it("has a function for every operation that needs a token", () => {
    const contract = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8");
    const operations = [...contract.matchAll(/operationId: (\w+)/g)].map((match) => match[1] as string);
    const open = ["getHealth", "getReadiness", "stampTime", "takeReports"];
    const renamed: Record<string, string> = {
      getSource: "readSource",
      getSourceMap: "readSourceMap",
      getReleasePack: "readPack",
    };
    const client = createAPIClient("http://desk.invalid", "t");
    const wanted = operations.filter((one) => !open.includes(one)).map((one) => renamed[one] ?? one);
    // A dry run whose answer is another one than the operation's: there is no token to show.
    expect(Object.keys(client).sort()).toEqual([...wanted, "rehearseToken"].sort());
  });

  it("sends token, path and body, below a path too", async () => {
    const seen: unknown[] = [];
    const client = await serving(async (request, response) => {
      const { method, url, headers } = request;
      seen.push([method, url, headers.authorization, headers["content-type"], await bodyOf(request)]);
      response.setHeader("content-type", "application/json").end(JSON.stringify(release()));
    }, "/desk");
    await client.buildRelease("endpoint", { reason: "weekly" });
    await client.listReleases("endpoint", { limit: 2, after: undefined });
    expect(seen).toEqual([
      [
        "POST",
        "/desk/v1/feeds/endpoint/releases",
        "Bearer rmt_token",
        "application/json",
        '{"reason":"weekly"}',
      ],
      ["GET", "/desk/v1/feeds/endpoint/releases?limit=2", "Bearer rmt_token", undefined, ""],
    ]);
  });

  it("streams an archive", async () => {
    const client = await serving(async (request, response) => {
      expect(request.headers["content-type"]).toBe("application/x-tar");
      expect(request.url).toBe("/v1/submissions?ruleset=r&kind=yara&leaveOutInvalid=true");
      const message = String((await bodyOf(request)).length);
      response.setHeader("content-type", "application/json").end(JSON.stringify(submission({ message })));
    });
    async function* tar() {
      for (let i = 0; i < 100; i++) yield new Uint8Array(10_000);
    }
    const query = { ruleset: "r", kind: "yara", message: undefined, leaveOutInvalid: true } as const;
    expect((await client.createSubmission(query, tar())).message).toBe("1000000");
  });

  it("streams bytes", async () => {
    const client = await serving((_request, response) => {
      response.write("one ");
      response.end("two");
    });
    const parts: Uint8Array[] = [];
    for await (const part of client.readSource("a".repeat(64))) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe("one two");
  });
});

describe("refusals", () => {
  const refusing = (status: number, type: string, body: string) =>
    serving((_request, response) => {
      response.writeHead(status, { "content-type": type }).end(body);
    });
  const problem = (changes: object) =>
    JSON.stringify({
      type: "x",
      title: "x",
      status: 403,
      code: "APPROVAL_OWN",
      detail: "not yours",
      where: [],
      ...changes,
    });

  it("keep code, class, message and hint", async () => {
    const client = await refusing(403, "application/problem+json; charset=utf-8", problem({ hint: "ask" }));
    await expect(client.approveSubmission("s-000000000001", "a".repeat(64))).rejects.toMatchObject({
      name: "PolicyError",
      code: "APPROVAL_OWN",
      message: "not yours",
      details: { status: 403, hint: "ask" },
    });
  });

  it("keep findings, pointers and the submission apart", async () => {
    const finding = { path: "a", line: 1, column: 1, severity: "error", code: "X", message: "m" };
    const pointer = { pointer: "/query/kind", message: "unknown" };
    const where = [finding, pointer];
    const body = problem({ status: 422, code: "RULES_INVALID", submission: "s-000000000009", where });
    const client = await refusing(422, "application/problem+json", body);
    await expect(client.whoAmI()).rejects.toMatchObject({
      details: { findings: [finding], where: [pointer], submission: "s-000000000009" },
    });
  });

  it.each([
    ["a page of a proxy", 502, "text/html", "<h1>Bad gateway</h1>"],
    [
      "a problem of somebody else",
      400,
      "application/problem+json",
      '{"code":"OTHER","detail":"x","where":[]}',
    ],
    ["a problem that is no JSON", 400, "application/problem+json", "{"],
    ["a code named like a method of objects", 400, "application/problem+json", problem({ code: "toString" })],
    ["an answer that is no JSON", 200, "text/plain", "hello"],
  ])("are SERVER_REFUSED for %s", async (_title, status, type, body) => {
    const client = await refusing(status, type, body);
    await expect(client.whoAmI()).rejects.toMatchObject({ code: "SERVER_REFUSED" });
  });

  it("reach a caller who is still sending", async () => {
    const client = await serving((_request, response) => {
      response
        .writeHead(422, { "content-type": "application/problem+json" })
        .end(problem({ code: "PATH_UNSAFE" }));
    });
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent++;
        yield new Uint8Array(65_536);
      }
    }
    const query = { ruleset: "r", kind: "yara" } as const;
    await expect(client.createSubmission(query, endless())).rejects.toMatchObject({ code: "PATH_UNSAFE" });
    expect(sent).toBeLessThan(10_000);
  });
});

describe("the world", () => {
  it("that does not answer is FETCH_FAILED, without the token", async () => {
    const { server, origin } = await listen(() => undefined);
    await stop(server);
    const error = await createAPIClient(origin, "rmt_secret")
      .whoAmI()
      .catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({
      code: "FETCH_FAILED",
      message: `expected an answer from ${origin}, got "ECONNREFUSED"`,
    });
    expect(JSON.stringify(error)).not.toContain("rmt_secret");
  });

  it("that closes connections which it kept is asked on new ones: what changes something is sent once", async () => {
    const asked = new Map<unknown, number>();
    const client = await serving(({ socket }, response) => {
      asked.set(socket, (asked.get(socket) ?? 0) + 1);
      if (asked.get(socket) === 2) socket.destroy();
      else response.setHeader("content-type", "application/json").end(JSON.stringify(release()));
    });
    for (let i = 0; i < 3; i++) await client.publishRelease("endpoint", 1);
    expect([...asked.values()]).toEqual([1, 1, 1]);
  });

  it("that sends us elsewhere is not followed with our token", async () => {
    const client = await serving((_request, response) => {
      response.writeHead(307, { location: "http://elsewhere.invalid/" }).end();
    });
    await expect(client.whoAmI()).rejects.toMatchObject({ code: "FETCH_FAILED" });
  });

  it("that breaks off in the middle of bytes is FETCH_FAILED", async () => {
    const client = await serving((_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("only this");
      setImmediate(() => response.destroy());
    });
    const read = async () => {
      for await (const _ of client.readPack("endpoint", 1, "1.full.rmp"));
    };
    await expect(read()).rejects.toMatchObject({ code: "FETCH_FAILED" });
  });

  it("keeps the error of files that change while they are sent", async () => {
    const client = await serving((request) => {
      request.resume();
    });
    async function* tar(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(512);
      throw new OperationError("STORE_FAILED", "expected the file to stay as it is");
    }
    const query = { ruleset: "r", kind: "yara" } as const;
    await expect(client.createSubmission(query, tar())).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it.each(["", "two words", "secret\nX-Other: 1", "ü"])(
    "a token like %j is wrong usage, and not repeated",
    (token) => {
      expect(() => createAPIClient("http://desk.invalid", token)).toThrow(
        expect.objectContaining({ code: "USAGE", message: expect.not.stringContaining("secret") }),
      );
    },
  );

  it.each(["desk", "ftp://desk", "", "http://"])("an address like %j is wrong usage", (server) => {
    expect(() => createAPIClient(server, "t")).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
