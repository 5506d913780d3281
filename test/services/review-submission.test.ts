import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/brands.js";
import { listRulesets } from "../../src/services/read-submissions.js";
import { reviewSubmission } from "../../src/services/review-submission.js";
import { ann, ben, type Desk, mia, openDesk } from "./desk.js";

const rule = (name: string) => `rule ${name} { condition: filesize > 1 }\n`;
const carl = { name: "carl", roles: ["reviewer"] } as const;

describe("reviewing submissions", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ ceremony: false });
  });
  afterAll(() => desk.close());

  const head = async (name: string) =>
    (await listRulesets(desk.context, ann)).find((ruleset) => ruleset.name === name)?.head;

  it("makes the approved submission the ruleset's head", async () => {
    const one = await desk.submit("a", "yara", { "a.yar": rule("A") });
    expect(await head("a")).toBeUndefined();
    const approved = await desk.approve(one);
    expect(approved).toMatchObject({ state: "approved", decision: { by: "ben", reason: "" } });
    expect(await head("a")).toBe(one.id);
    const two = await desk.approve(await desk.submit("a", "yara", { "a.yar": rule("B") }));
    expect(await head("a")).toBe(two.id);
  });

  it("SPEC §2.2.3 refuses the author's own approval, whatever roles the author has", async () => {
    const own = await desk.submit("own", "yara", { "a.yar": rule("A") }, { by: ben });
    await expect(desk.approve(own, ben)).rejects.toMatchObject({ code: "APPROVAL_OWN" });
    await expect(
      reviewSubmission(desk.context, ben, { submission: own.id, decision: "reject", digest: own.digest }),
    ).rejects.toMatchObject({ code: "APPROVAL_OWN" });
    expect(await desk.approve(own, carl)).toMatchObject({ state: "approved" });
  });

  it("SPEC §2.2.4 refuses a replayed approval and any second decision", async () => {
    const one = await desk.submit("replay", "yara", { "a.yar": rule("A") });
    await desk.approve(one);
    await expect(desk.approve(one)).rejects.toMatchObject({ code: "SUBMISSION_DECIDED" });
    const reject = { submission: one.id, decision: "reject", digest: one.digest } as const;
    await expect(reviewSubmission(desk.context, carl, reject)).rejects.toMatchObject({
      code: "SUBMISSION_DECIDED",
    });
    expect(await head("replay")).toBe(one.id);
  });

  it("decides once even when two reviewers decide at the same time", async () => {
    const one = await desk.submit("race", "yara", { "a.yar": rule("A") });
    const results = await Promise.allSettled([desk.approve(one, ben), desk.approve(one, carl)]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "SUBMISSION_DECIDED" },
    });
  });

  it("SPEC §2.2.2 refuses an approval of another digest than the submission's", async () => {
    const one = await desk.submit("digest", "yara", { "a.yar": rule("A") });
    const digest = sha256Hex("0".repeat(64));
    await expect(desk.approve({ ...one, digest })).rejects.toMatchObject({ code: "APPROVAL_STALE" });
    expect(await head("digest")).toBeUndefined();
  });

  it("SPEC §2.2.5 refuses to go back to a submission that is older than the head", async () => {
    const old = await desk.submit("order", "yara", { "a.yar": rule("A") });
    const young = await desk.submit("order", "yara", { "a.yar": rule("B") });
    await desk.approve(young);
    await expect(desk.approve(old)).rejects.toMatchObject({ code: "APPROVAL_STALE" });
    expect(await head("order")).toBe(young.id);
  });

  it("keeps a rejection with its reason", async () => {
    const one = await desk.submit("no", "yara", { "a.yar": rule("A") });
    const review = {
      submission: one.id,
      decision: "reject",
      digest: one.digest,
      reason: "too broad",
    } as const;
    expect(await reviewSubmission(desk.context, ben, review)).toMatchObject({
      state: "rejected",
      decision: { by: "ben", reason: "too broad" },
    });
    expect(await head("no")).toBeUndefined();
  });

  it("refuses other roles, unknown submissions, and a second kind for a ruleset", async () => {
    const one = await desk.submit("roles", "yara", { "a.yar": rule("A") });
    await expect(desk.approve(one, mia)).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    await expect(desk.approve({ ...one, id: "s-999999999999" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const other = await desk.submit("roles", "ioc", { "a.txt": "evil.example.com\n" });
    await desk.approve(one);
    await expect(desk.approve(other)).rejects.toMatchObject({ code: "RULESET_KIND" });
  });
});
