/** Dry runs of what people decide: reviews, drafts, comments, tokens, rollouts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestService } from "../support/service.js";
import { feed } from "../services/desk.js";
import { problemOf } from "./problems.js";
import { type Asked, openRehearsals, type Rehearsals, timeless } from "./rehearsals.js";

const stages = [
  { permille: 100, hours: 2 },
  { permille: 500, hours: 2 },
  { permille: 1000, hours: 2 },
];
const health = {
  ...{ reportsMin: 10, failurePermilleMax: 20, rollbackPermilleMax: 10 },
  ...{ silenceMinutes: 60, silencePermilleMin: 300, fleetReports: 1000 },
};

let world: Rehearsals;
let service: TestService;

beforeAll(async () => {
  world = await openRehearsals({
    wrap: ({ settings }) => ({ settings: { ...settings, rings: { [feed]: { stages, health } } } }),
  });
  service = world.service;
  for (const name of ["one", "two"]) {
    await service.desk.addRules("list", "ioc", { "list.txt": `${name}.example\n` });
    await service.desk.release();
  }
});
afterAll(() => world.close());

const post = (path: string, as: Asked["as"], json?: unknown): Asked => ({ path, as, json });

/** Foretold, then done. */
async function same(asked: Asked, state?: string): Promise<void> {
  const foretold = await world.rehearsed(asked);
  if (state !== undefined) expect(foretold).toMatchObject({ state });
  const done = await world.ask(asked, false);
  expect(done.ok).toBe(true);
  expect(timeless(await done.json())).toEqual(timeless(foretold));
  await service.settled();
}

async function submitted(name: string, query = ""): Promise<{ id: string; digest: string; path: string }> {
  const path = `/v1/submissions?ruleset=${name}&kind=ioc${query}`;
  const answer = await world.ask({ path, as: "analyst", tar: { "a.txt": `${name}.example\n` } }, false);
  const { id, digest } = (await answer.json()) as { id: string; digest: string };
  return { id, digest, path: `/v1/submissions/${id}` };
}

describe("a dry run", () => {
  it("of an approval and of a rejection says what the submission would be", async () => {
    const one = await submitted("approved");
    await same(post(`${one.path}/approval`, "reviewer", { digest: one.digest }), "approved");
    const other = await submitted("rejected");
    await same(
      post(`${other.path}/rejection`, "reviewer", { digest: other.digest, reason: "no" }),
      "rejected",
    );
  });

  it("of an emergency approval counts people as the call does", async () => {
    const { path, digest } = await submitted("urgent");
    const json = { digest, reason: "an attack is under way" };
    await same(post(`${path}/emergency-approval`, "reviewer", json), "open");
    await same(post(`${path}/emergency-approval`, "release-manager", json), "approved");
  });

  it("of what an author does with an own submission, and of a comment", async () => {
    const { path } = await submitted("drafted", "&draft=true");
    await same(post(`${path}/opening`, "analyst"), "open");
    await same(post(`${path}/comments`, "reviewer", { text: "why all of them?" }));
    await same(post(`${path}/withdrawal`, "analyst", { reason: "too many" }), "withdrawn");
  });

  it("of a token shows none, and of a revocation ends none", async () => {
    const order = post("/v1/tokens", "analyst", { label: "a robot", days: 7 });
    const foretold = (await world.rehearsed(order)) as { token?: string; id: string };
    expect(foretold).toMatchObject({ label: "a robot", roles: ["analyst"], revokedAt: null });
    expect(foretold.token).toBeUndefined();
    const made = (await (await world.ask(order, false)).json()) as { id: string; token: string };
    expect(made.id).not.toBe(foretold.id);
    const { id: _, token: __, ...rest } = made;
    const { id: ___, ...told } = foretold;
    expect(timeless(rest)).toEqual(timeless(told));
    await same(post(`/v1/tokens/${made.id}/revocation`, "analyst"));
  });

  it("of a halt, a resumption and a skipped ring counts people too", async () => {
    const path = `/v1/feeds/${feed}/rollout`;
    const json = { release: 2, reason: "crashes" };
    await same(post(`${path}/halt`, "reviewer", json), "halted");
    await same(post(`${path}/resumption`, "reviewer", json), "halted");
    await same(post(`${path}/resumption`, "release-manager", json), "running");
    await same(post(`${path}/skip`, "reviewer", { ...json, permille: 500 }), "running");
  });

  it("is refused as the call would be", async () => {
    const { path, digest } = await submitted("refused");
    const rollout = `/v1/feeds/${feed}/rollout`;
    const refusals: [Asked, string][] = [
      [post(`${path}/approval`, "reviewer", { digest: "0".repeat(64) }), "APPROVAL_STALE"],
      [post(`${path}/approval`, "analyst", { digest }), "ROLE_REFUSED"],
      [post(`${path}/opening`, "reviewer"), "AUTHOR_REFUSED"],
      [post("/v1/tokens", "analyst", { label: "more", days: 1, roles: ["reviewer"] }), "ROLE_REFUSED"],
      [post("/v1/tokens/t-0123456789abcdef/revocation", "analyst"), "NOT_FOUND"],
      [post(`${rollout}/resumption`, "reviewer", { release: 2, reason: "no" }), "ROLLOUT_STATE"],
      [post(`${rollout}/skip`, "reviewer", { release: 2, reason: "no", permille: 500 }), "SECOND_PERSON"],
    ];
    const before = world.everything();
    for (const [asked, code] of refusals) await problemOf(await world.ask(asked, true), code as never);
    expect(world.everything()).toEqual(before);
  });
});
