/** From an archive to an approved revision, over HTTP, and every archive that is refused on the way. */
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { components } from "../../src/cli/generated/api.js";
import type { Role } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import { tarArchive, tarEnd, tarHeader, tarParts, type TarPart } from "../support/tar.js";
import { problemOf } from "./problems.js";

type Submission = components["schemas"]["Submission"];

const good = 'rule Good { strings: $a = "good bytes" condition: $a }\n';
const bad = "rule Bad { condition: $missing }\n";
const tar = { "Content-Type": "application/x-tar" };

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

function submit(ruleset: string, body: Uint8Array, query = "", as: Role = "analyst"): Promise<Response> {
  const path = `/v1/submissions?ruleset=${ruleset}&kind=yara${query}`;
  return service.call("POST", path, { as, headers: tar, body });
}
async function taken(ruleset: string, content = good): Promise<Submission> {
  const response = await submit(ruleset, tarArchive({ "a.yar": content }));
  expect(response.status).toBe(201);
  return (await response.json()) as Submission;
}
const post = (path: string, json: unknown, as: Role) => service.call("POST", path, { as, json });
const count = async () => {
  const page = await service.call("GET", "/v1/submissions?limit=200", { as: "analyst" });
  return ((await page.json()) as { items: unknown[] }).items.length;
};

describe("submitting", () => {
  it("answers with the submission and where it is", async () => {
    const body = tarArchive({ "a.yar": good, LICENSE: "free\n" });
    const response = await submit(
      "first",
      body,
      `&${new URLSearchParams({ message: "two words: a+b/c (d) & ü" })}`,
    );
    expect(response.status).toBe(201);
    const made = (await response.json()) as Submission;
    expect(made).toMatchObject({
      ruleset: "first",
      author: "ann",
      message: "two words: a+b/c (d) & ü",
      state: "open",
      rules: 1,
    });
    expect(made).toMatchObject({
      fileCount: 2,
      errors: 0,
      warnings: 1,
      leaveOutInvalid: false,
      decision: null,
    });
    expect(response.headers.get("location")).toBe(`/v1/submissions/${made.id}`);
    const again = await service.call("GET", response.headers.get("location") as string, { as: "auditor" });
    expect(await again.json()).toEqual(made);
  });

  it("gives the bytes of each file back", async () => {
    const { files } = await taken("bytes");
    const path = `/v1/sources/${files[0]?.sha256}`;
    const response = await service.call("GET", path, { as: "overseer" });
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(await response.text()).toBe(good);
    const etag = response.headers.get("etag") as string;
    expect(
      (await service.call("GET", path, { as: "overseer", headers: { "If-None-Match": etag } })).status,
    ).toBe(304);
    await problemOf(
      await service.call("GET", `/v1/sources/${"0".repeat(64)}`, { as: "overseer" }),
      "NOT_FOUND",
    );
  });

  it("gives the bytes of several files at once, each with its length in front, or none of them", async () => {
    const { files } = await taken("several");
    const digests = files.map(({ sha256 }) => sha256);
    const ask = (sha256: readonly string[]) =>
      service.call("POST", "/v1/sources", { as: "overseer", json: { sha256 } });
    const response = await ask([...digests, ...digests]);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    const answer = Buffer.from(await response.arrayBuffer());
    expect(answer.readBigUInt64BE(0)).toBe(BigInt(files[0]?.bytes as number));
    const expected = files.flatMap(({ bytes }) => [8, bytes]).reduce((sum, bytes) => sum + 2 * bytes, 0);
    expect(answer.length).toBe(expected);
    await problemOf(await ask([...digests, "0".repeat(64)]), "NOT_FOUND");
    await problemOf(await ask([]), "REQUEST_INVALID");
    await problemOf(await ask(Array.from({ length: 65 }, () => digests[0] as string)), "REQUEST_INVALID");
  });

  it("refuses rules with errors, all of them named, and keeps the submission", async () => {
    const body = tarArchive({ "a.yar": bad, "b.yar": `${bad}rule {` });
    const response = await submit("broken", body);
    const problem = await problemOf(response, "RULES_INVALID");
    expect(new Set(problem.where.map((one) => "path" in one && one.path))).toEqual(
      new Set(["a.yar", "b.yar"]),
    );
    expect(problem.hint).toContain("mend");
    const kept = await service.call("GET", `/v1/submissions/${problem.submission}`, { as: "analyst" });
    expect(await kept.json()).toMatchObject({ state: "refused", findings: problem.where });
    expect(response.headers.get("location")).toBe(`/v1/submissions/${problem.submission}`);
  });

  it("leaves them out when asked to", async () => {
    const response = await submit("partly", tarArchive({ "a.yar": bad + good }), "&leaveOutInvalid=true");
    expect(await response.json()).toMatchObject({
      state: "open",
      rules: 1,
      errors: 1,
      leaveOutInvalid: true,
    });
  });

  it("refuses another kind for a ruleset that has one", async () => {
    const { id, digest } = await taken("kinds");
    await post(`/v1/submissions/${id}/approval`, { digest }, "reviewer");
    const path = "/v1/submissions?ruleset=kinds&kind=ioc";
    const response = await service.call("POST", path, {
      as: "analyst",
      headers: tar,
      body: tarArchive({ "a.txt": "x" }),
    });
    await problemOf(response, "RULESET_KIND");
  });

  it.each([
    "ruleset=UPPER&kind=yara",
    "ruleset=r&kind=word",
    "kind=yara",
    "ruleset=r",
    "ruleset=r&kind=yara&extra=1",
  ])("refuses ?%s", async (query) => {
    const options = { as: "analyst", headers: tar, body: tarArchive({ "a.yar": good }) } as const;
    await problemOf(await service.call("POST", `/v1/submissions?${query}`, options), "REQUEST_INVALID");
  });

  it("refuses an archive without files", async () => {
    await problemOf(await submit("empty", tarEnd()), "REQUEST_INVALID");
  });
});

describe("archives that are refused leave nothing behind", () => {
  const whole = tarArchive({ "a.yar": good });
  const archive = (...parts: TarPart[]) => Buffer.concat([tarParts(parts), tarEnd()]);
  it.each([
    ["a symbolic link", "PATH_UNSAFE", archive({ path: "a.yar", type: "2", link: "/etc/passwd" })],
    ["a path that climbs", "PATH_UNSAFE", archive({ path: "a.yar", content: good }, { path: "../b.yar" })],
    ["two names that differ in case alone", "PATH_UNSAFE", archive({ path: "a.yar" }, { path: "A.yar" })],
    ["a cut-off archive", "ARCHIVE_MALFORMED", whole.subarray(0, 600)],
    ["an archive without its end", "ARCHIVE_MALFORMED", whole.subarray(0, 1024)],
    ["gzip under the name of tar", "ARCHIVE_MALFORMED", gzipSync(whole)],
    ["nothing", "ARCHIVE_MALFORMED", new Uint8Array(0)],
  ] as const)("%s: %s", async (_title, code, body) => {
    const before = await count();
    await problemOf(await submit("refused", body), code);
    expect(await count()).toBe(before);
  });

  it("a zip bomb by its own name, or by Content-Encoding: MEDIA_TYPE_REFUSED", async () => {
    const path = "/v1/submissions?ruleset=r&kind=yara";
    const body = gzipSync(whole);
    for (const headers of [
      { "Content-Type": "application/gzip" },
      { "Content-Type": "application/zip" },
      { "Content-Type": "application/x-tar", "Content-Encoding": "gzip" },
    ]) {
      const options = { as: "analyst", headers: headers as Record<string, string>, body } as const;
      await problemOf(await service.call("POST", path, options), "MEDIA_TYPE_REFUSED");
    }
  });

  it.each(["keep-alive", "close"])(
    "2 GiB declared: FILE_TOO_LARGE, answered before any of it is sent, and what is on its way is read (%s)",
    async (connection) => {
      const { hostname, port } = new URL(service.origin);
      const socket = connect(Number(port), hostname);
      const head = [
        "POST /v1/submissions?ruleset=r&kind=yara HTTP/1.1",
        "Host: desk",
        `Authorization: Bearer ${service.tokens.analyst}`,
        "Content-Type: application/x-tar",
        `Content-Length: ${2 ** 31 + 2048}`,
        `Connection: ${connection}`,
        "\r\n",
      ].join("\r\n");
      socket.write(head);
      socket.write(tarHeader({ path: "big.yar", declared: 2 ** 31 }));
      const answer = await new Promise<string>((done, failed) => {
        socket.once("data", (chunk) => done(chunk.toString("utf8")));
        socket.once("error", failed);
      });
      // More than the buffers on the way hold: it goes only where somebody reads.
      await new Promise<void>((done, failed) => {
        socket.write(new Uint8Array(64 << 20), (error) => (error ? failed(error) : done()));
      });
      socket.destroy();
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"code":"FILE_TOO_LARGE"');
    },
  );

  it("a caller who goes away in the middle does no harm", async () => {
    const controller = new AbortController();
    async function* half() {
      yield tarHeader({ path: "a.yar", declared: 5000 });
      controller.abort();
      yield new Uint8Array(10);
    }
    const init = {
      method: "POST",
      duplex: "half",
      signal: controller.signal,
      headers: { ...tar, Authorization: `Bearer ${service.tokens.analyst}` },
      body: half() as unknown as RequestInit["body"],
    } as RequestInit;
    await expect(fetch(`${service.origin}/v1/submissions?ruleset=r&kind=yara`, init)).rejects.toThrow();
    await taken("after");
  });

  it("a caller who goes on sending after the refusal still reads it", async () => {
    const parts = [tarParts([{ path: "../a.yar" }]), Buffer.alloc(4_000_000)];
    await problemOf(await submit("refused", Buffer.concat(parts)), "PATH_UNSAFE");
  });
});

describe("reviewing", () => {
  it("takes another person and the digest that was read", async () => {
    const { id, digest } = await taken("review");
    const address = `/v1/submissions/${id}/approval`;
    await problemOf(await post(address, { digest: "0".repeat(64) }, "reviewer"), "APPROVAL_STALE");
    const approved = await post(address, { digest }, "reviewer");
    expect(await approved.json()).toMatchObject({ state: "approved", decision: { by: "ben", reason: "" } });
    await problemOf(await post(address, { digest }, "reviewer"), "SUBMISSION_DECIDED");
    const rulesets = await service.call("GET", "/v1/rulesets", { as: "auditor" });
    expect(await rulesets.json()).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ name: "review", kind: "yara", head: id })]),
    });
  });

  it("is never one's own", async () => {
    const response = await submit("own", tarArchive({ "a.yar": good }), "", "reviewer");
    const { id, digest } = (await response.json()) as Submission;
    await problemOf(await post(`/v1/submissions/${id}/approval`, { digest }, "reviewer"), "APPROVAL_OWN");
  });

  it("can say no, with a reason", async () => {
    const { id, digest } = await taken("rejected");
    const path = `/v1/submissions/${id}/rejection`;
    await problemOf(await post(path, { digest }, "reviewer"), "REQUEST_INVALID");
    const answer = await post(path, { digest, reason: "too broad" }, "reviewer");
    expect(await answer.json()).toMatchObject({ state: "rejected", decision: { reason: "too broad" } });
  });

  it("is about a submission that exists", async () => {
    const path = "/v1/submissions/s-999999999999/approval";
    await problemOf(await post(path, { digest: "0".repeat(64) }, "reviewer"), "NOT_FOUND");
  });
});

describe("listing", () => {
  it("pages through, newest first, and filters", async () => {
    for (const content of ["one", "two", "three"]) await taken("pages", `${good}// ${content}`);
    type Page = { items: Submission[]; next: string | null };
    const seen: string[] = [];
    let after = "";
    do {
      const path = `/v1/submissions?ruleset=pages&state=open&limit=2${after}`;
      const page = (await (await service.call("GET", path, { as: "analyst" })).json()) as Page;
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((one) => one.id));
      after = page.next === null ? "" : `&after=${page.next}`;
    } while (after !== "");
    expect(seen.length).toBe(3);
    expect(seen).toEqual([...seen].sort().reverse());
    const none = await service.call("GET", "/v1/submissions?ruleset=pages&state=rejected", { as: "analyst" });
    expect(await none.json()).toEqual({ items: [], next: null });
  });
});
