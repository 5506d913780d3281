/** A dry run gives the answer, or the refusal, that the call would get, and changes nothing; the access log has it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestService } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { problemOf } from "./problems.js";
import { type Asked, openRehearsals, type Rehearsals, timeless } from "./rehearsals.js";

let world: Rehearsals;
let service: TestService;

beforeAll(async () => {
  world = await openRehearsals();
  service = world.service;
  await service.desk.addRules("hosts", "ioc", { "hosts.txt": "one.example\ntwo.example\n" });
  await service.desk.release();
  await service.desk.addRules("hosts", "ioc", { "hosts.txt": "one.example\ntwo.example\nthree.example\n" });
});
afterAll(() => world.close());

const releases = "/v1/feeds/endpoint/releases";
const submission = "/v1/submissions?ruleset=new-hosts&kind=ioc";

describe("a dry run", () => {
  it.each<[string, Asked]>([
    ["a submission", { path: submission, as: "analyst", tar: { "a.txt": "four.example\n" } }],
    ["a draft", { path: `${submission}&draft=true`, as: "analyst", tar: { "a.txt": "five.example\n" } }],
    [
      "a quarantine",
      { path: "/v1/rulesets/hosts/quarantine", as: "analyst", json: { id: "two.example", reason: "noise" } },
    ],
    ["a build", { path: releases, as: "release-manager", json: { reason: "new rules" } }],
  ])("of %s changes nothing, and says what the call then answers", async (_, asked) => {
    const foretold = await world.rehearsed(asked);
    const done = await world.ask(asked, false);
    expect(done.ok).toBe(true);
    const made: unknown = await done.json();
    await service.settled();
    expect(timeless(made)).toEqual(timeless(foretold));
  });

  it("of a publication, and of both kinds of withdrawal, changes nothing", async () => {
    const as = "release-manager";
    const staged = await service.desk.advance();
    expect(staged).toMatchObject({ release: 2, state: "signed" });
    await service.desk.coSign(staged);
    const publication = { path: `${releases}/2/publication`, as } as const;
    expect(await world.rehearsed(publication)).toMatchObject({
      release: 2,
      state: "assayed",
      publication: { by: "mia" },
    });
    const ended = { path: `${releases}/2/withdrawal`, as, json: { reason: "on second thought" } } as const;
    expect(await world.rehearsed(ended)).toMatchObject({ release: 2, state: "failed" });
    expect((await world.ask(publication, false)).status).toBe(202);
    await service.settled();
    const back = { path: `${releases}/2/withdrawal`, as, json: { reason: "false positives" } } as const;
    expect(await world.rehearsed(back)).toMatchObject({ release: 3, state: "queued", restores: 1 });
  });

  it.each<[string, Asked, string]>([
    [
      "rules with errors, with every finding and no submission",
      {
        path: "/v1/submissions?ruleset=bad&kind=yara",
        as: "analyst",
        tar: { "a.yar": "rule Bad { condition: $x }" },
      },
      "RULES_INVALID",
    ],
    ["another role", { path: releases, as: "analyst", json: {} }, "ROLE_REFUSED"],
    [
      "a release that is not there",
      { path: `${releases}/99/publication`, as: "release-manager" },
      "NOT_FOUND",
    ],
  ])("is refused as the call would be for %s", async (_, asked, code) => {
    const before = world.everything();
    const answer = await world.ask(asked, true);
    const problem = (await problemOf(answer, code as never)) as { submission?: string };
    expect(problem.submission).toBeUndefined();
    expect(answer.headers.get("location")).toBeNull();
    expect(world.everything()).toEqual(before);
  });

  it("keeps no answer for an Idempotency-Key: the call itself is still to come", async () => {
    const path = `${submission}&dryRun=true`;
    const body = tarArchive({ "a.txt": "six.example\n" });
    const headers = { "Content-Type": "application/x-tar", "Idempotency-Key": "one-key" };
    const before = world.everything();
    const dry = await service.call("POST", path, { as: "analyst", headers, body });
    expect(dry.status).toBe(200);
    expect(world.everything()).toEqual(before);
    const real = await service.call("POST", submission, { as: "analyst", headers, body });
    expect([real.status, real.headers.get("idempotency-replayed")]).toEqual([201, null]);
  });
});
