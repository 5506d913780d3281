/** A release over HTTP: built, looked at, co-signed, published, read from the public tree, withdrawn. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { components } from "../../src/cli/generated/api.js";
import { hexText } from "../../src/core/encoding/bytes.js";
import { signingPayload } from "../../src/issuing/tuf-signatures.js";
import type { RuleEngine } from "../../src/ports/rule-engine.js";
import type { Role } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import { problemOf } from "./problems.js";

type Release = components["schemas"]["Release"];

const rule = (name: string) => `rule ${name} { strings: $a = "${name} bytes" condition: $a }\n`;
const releases = "/v1/feeds/endpoint/releases";

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const get = (path: string, as: Role = "auditor") => service.call("GET", path, { as });
const post = (path: string, json: unknown, as: Role = "release-manager") =>
  service.call("POST", path, { as, json });
const publish = (number: number) =>
  service.call("POST", `${releases}/${number}/publication`, { as: "release-manager" });
async function settledRelease(number: number): Promise<Release> {
  await service.settled();
  return (await (await get(`${releases}/${number}`)).json()) as Release;
}
async function coSign(number: number): Promise<Response> {
  const staged = new Uint8Array(
    await (await get(`${releases}/${number}/manifest`, "overseer")).arrayBuffer(),
  );
  const { overseer } = service.desk;
  const signature = hexText(await overseer.sign(signingPayload(staged)));
  const verdict = { result: "PASSED", explanation: "every byte equal", keyid: overseer.keyid, signature };
  return post(`${releases}/${number}/verdicts`, verdict, "overseer");
}

describe("the list of releases", () => {
  const list = (query: string, known: string, signal?: AbortSignal) =>
    fetch(`${service.origin}${releases}${query}`, {
      headers: { authorization: `Bearer ${service.tokens.overseer}`, "if-none-match": known },
      ...(signal && { signal }),
    });

  it("SPEC §17.7.3 is not sent again to whoever has it, and at once to whoever has another", async () => {
    const first = await get(releases);
    const tag = first.headers.get("etag") as string;
    expect(await first.json()).toEqual({ items: [], next: null });
    const again = await list("", tag);
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await list("?wait=200", '"another"')).status).toBe(200);
    expect((await list("?wait=1", tag)).status).toBe(304);
    await problemOf(await list("?wait=241", tag), "REQUEST_INVALID");
  });

  it("SPEC §17.7.3 is waited for until the service stops, and by nobody who has gone", async () => {
    const tag = (await get(releases)).headers.get("etag") as string;
    const gone = new AbortController();
    const left = list("?wait=200", tag, gone.signal);
    gone.abort();
    await expect(left).rejects.toThrow();
    const waiting = list("?wait=200", tag);
    service.stopping.abort();
    expect((await waiting).status).toBe(304);
  });
});

describe("a release", () => {
  it("cannot be built from nothing", async () => {
    await problemOf(await post(releases, {}), "RELEASE_EMPTY");
    await problemOf(await post("/v1/feeds/other/releases", {}), "NOT_FOUND");
  });

  it("is accepted, built and signed", async () => {
    await service.desk.addRules("loaders", "yara", { "a.yar": rule("One") });
    const response = await post(releases, { reason: "first" });
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`${releases}/1`);
    expect(await response.json()).toMatchObject({
      release: 1,
      state: "queued",
      reason: "first",
      createdBy: "mia",
    });
    const release = await settledRelease(1);
    expect(release).toMatchObject({ state: "signed", waitingFor: null, database: { rules: { yara: 1 } } });
    expect(release.packs.map((pack) => pack.path)).toEqual(["endpoint/1.full.rmp"]);
  });

  it("shows what it was made from, its manifest and its packs", async () => {
    const sources = await get(`${releases}/1/sources`, "overseer");
    expect(await sources.json()).toMatchObject({
      schema: 1,
      revisions: [{ ruleset: "loaders", author: "ann", approvedBy: "ben", files: [{ path: "a.yar" }] }],
    });
    const { packs, manifestSha256 } = await settledRelease(1);
    const digest = async (path: string) => {
      const bytes = Buffer.from(await (await get(path, "overseer")).arrayBuffer());
      return createHash("sha256").update(bytes).digest("hex");
    };
    expect(await digest(`${releases}/1/manifest`)).toBe(manifestSha256);
    expect(await digest(`${releases}/1/packs/1.full.rmp`)).toBe(packs[0]?.sha256);
    await problemOf(await get(`${releases}/1/packs/2.full.rmp`), "NOT_FOUND");
    await problemOf(await get(`${releases}/2`), "NOT_FOUND");
  });

  it("names the rules that an engine refused and the author left out", async () => {
    const refusal = { line: 1, column: 1, severity: "error", code: "YARAC", message: "no" } as const;
    const engine: RuleEngine = {
      name: "opinion",
      kinds: ["yara"],
      check: async (_kind, files) => files.map(({ path }) => ({ path, ...refusal })),
    };
    const other = await openService({ wrap: () => ({ engines: [engine] }) });
    const files = { "a.yar": `${rule("Refused")}${rule("Kept")}` };
    await other.desk.approve(await other.desk.submit("mixed", "yara", files, { leaveOutInvalid: true }));
    await other.call("POST", releases, { as: "release-manager", json: {} });
    await other.settled();
    const answer = await other.call("GET", `${releases}/1/sources`, { as: "overseer" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      revisions: [{ leaveOutInvalid: true, leftOut: [{ path: "a.yar", line: 1 }] }],
    });
    await other.close();
  });

  it("is not published without the overseer", async () => {
    await problemOf(await publish(1), "ASSAY_MISSING");
    const lie = { result: "PASSED", explanation: "sure", keyid: "0".repeat(64), signature: "00".repeat(64) };
    await problemOf(await post(`${releases}/1/verdicts`, lie, "overseer"), "SIGNATURE_REFUSED");
    const none = { result: "PASSED", explanation: "sure" };
    await problemOf(await post(`${releases}/1/verdicts`, none, "overseer"), "SIGNATURE_REFUSED");
  });

  it("is co-signed and published", async () => {
    const signed = await coSign(1);
    expect(signed.status).toBe(201);
    expect(await signed.json()).toMatchObject({
      state: "assayed",
      verdicts: [{ by: "oliver", result: "PASSED" }],
    });
    expect((await publish(1)).status).toBe(202);
    expect(await settledRelease(1)).toMatchObject({ state: "published", waitingFor: null });
    expect((await publish(1)).status).toBe(202);
    expect(await (await get("/v1/feeds/endpoint")).json()).toMatchObject({ newest: 1, published: 1 });
    expect(await (await get("/v1/feeds")).json()).toMatchObject({
      items: [{ name: "endpoint", rulesets: "*" }],
    });
  });

  it("is then in the public tree, for everybody", async () => {
    const { packs, manifestSha256 } = await settledRelease(1);
    const pack = packs[0] as Release["packs"][number];
    const target = `/targets/endpoint/${pack.sha256}.1.full.rmp`;
    for (const path of [
      "/metadata/timestamp.json",
      target,
      `${target}.p7s`,
      "/evidence/endpoint/1.p7s",
      "/evidence/endpoint/1.json",
    ]) {
      expect((await service.call("GET", path)).status, path).toBe(200);
    }
    const manifest = await service.call("GET", "/metadata/1.endpoint.json");
    const bytes = Buffer.from(await manifest.arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(manifestSha256);
  });

  it("is not built again without a change, and is renewed when asked", async () => {
    await problemOf(await post(releases, {}), "RELEASE_UNCHANGED");
    expect(await (await post(releases, { renew: true, reason: "expiry" })).json()).toMatchObject({
      release: 2,
    });
    expect(await settledRelease(2)).toMatchObject({ state: "signed", previous: 1 });
    await problemOf(await post(releases, { renew: true }), "RELEASE_STATE");
  });

  it("is ended by a verdict of FAILED", async () => {
    const verdict = { result: "FAILED", explanation: "pack 2.full.rmp differs at byte 7" };
    expect(await (await post(`${releases}/2/verdicts`, verdict, "overseer")).json()).toMatchObject({
      state: "failed",
    });
    await problemOf(await publish(2), "ASSAY_FAILED");
  });

  it("is withdrawn by a newer one with older content", async () => {
    await service.desk.addRules("loaders", "yara", { "a.yar": rule("Two") });
    await post(releases, {});
    await service.settled();
    await coSign(3);
    await publish(3);
    expect(await settledRelease(3)).toMatchObject({ state: "published", previous: 1 });
    await problemOf(
      await post(`${releases}/3/withdrawal`, { to: 2, reason: "to one that failed" }),
      "RELEASE_STATE",
    );
    const answer = await post(`${releases}/3/withdrawal`, { to: 1, reason: "false positives" });
    expect(answer.headers.get("location")).toBe(`${releases}/4`);
    expect(await answer.json()).toMatchObject({ release: 4, restores: 1, reason: "false positives" });
    const [one, four] = [await settledRelease(1), await settledRelease(4)];
    expect(four.database?.sha256).toBe(one.database?.sha256);
  });

  it("that is not public is ended by a withdrawal", async () => {
    const answer = await post(`${releases}/4/withdrawal`, { reason: "on second thought" });
    expect(await answer.json()).toMatchObject({ release: 4, state: "failed" });
  });

  it("is listed, newest first, in pages", async () => {
    const first = (await (await get(`${releases}?limit=2`)).json()) as {
      items: Release[];
      next: number | null;
    };
    expect(first.items.map((one) => one.release)).toEqual([4, 3]);
    const rest = (await (await get(`${releases}?limit=2&after=${first.next}`)).json()) as typeof first;
    expect(rest.items.map((one) => one.release)).toEqual([2, 1]);
    expect(rest.next).toBeNull();
  });
});
