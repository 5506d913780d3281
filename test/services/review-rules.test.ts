/** How many must approve, who may, and the way past both in an emergency; what a rule's history and a release's change log say afterwards. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseReleaseLogEntry } from "../../src/core/log/release-entries.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { readChangeLog } from "../../src/services/change-log.js";
import type { Identity, SubmissionRecord } from "../../src/services/model.js";
import { changeLogMarkdown, changeLogPage } from "../../src/services/render-change-log.js";
import type { ReviewRules } from "../../src/services/review-rules.js";
import { type Review, reviewSubmission } from "../../src/services/review-submission.js";
import { ruleRevisions } from "../../src/services/rule-revisions.js";
import { submitRules } from "../../src/services/submit-rules.js";
import { ann, ben, type Desk, feed, incoming, mia, openDesk } from "./desk.js";

const carl: Identity = { name: "carl", roles: ["reviewer", "analyst"] };
const dora: Identity = { name: "dora", roles: ["reviewer"] };
const rules: ReviewRules = {
  approvals: 1,
  emergencyPeople: 2,
  rulesets: [
    { name: "prod-*", approvals: 2 },
    { name: "secret", analysts: ["ann"], reviewers: ["carl"] },
  ],
};
const author: Identity = { name: "ann", roles: ["analyst", "reviewer"] };
const rule = (name: string, size = 1) => `rule ${name} { condition: filesize > ${size} }\n`;
const code = (refusal: string) => expect.objectContaining({ code: refusal });

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk({
    wrap: (real) => ({
      settings: { ...real.settings, review: rules },
      // Entries are decided in the records; nobody writes them out here.
      releaseLog: { intervalSeconds: 3600, open: () => Promise.reject(new Error("no log here")) },
    }),
  });
});
afterAll(() => desk.close());

const submit = (ruleset: string, name: string, by: Identity = ann, size = 1, message = "why") =>
  submitRules(desk.context, by, {
    ...{ ruleset, kind: "yara", message },
    files: incoming({ "a.yar": rule(name, size) }),
  });
const review = (
  by: Identity,
  { id, digest }: SubmissionRecord,
  decision: Review["decision"],
  reason?: string,
) => reviewSubmission(desk.context, by, { submission: id, decision, digest, reason });

describe("approvals", () => {
  it("SPEC §17.3.1 are as many as the ruleset asks for, by as many people", async () => {
    const one = await submit("prod-loaders", "Two");
    expect(await review(ben, one, "approve")).toMatchObject({ state: "open", decision: null });
    await expect(review(ben, one, "approve")).rejects.toEqual(code("SUBMISSION_DECIDED"));
    await expect(review(author, one, "approve")).rejects.toEqual(code("APPROVAL_OWN"));
    expect(await review(carl, one, "approve")).toMatchObject({
      state: "approved",
      decision: { by: "ben, carl" },
      approvals: [{ by: "ben" }, { by: "carl" }],
    });
  });

  it("count each, when two people come at the same time", async () => {
    const one = await submit("prod-hosts", "Both");
    const states = await Promise.all([review(ben, one, "approve"), review(carl, one, "approve")]);
    expect(states.map(({ state }) => state).sort()).toEqual(["approved", "open"]);
  });

  it("are nothing after one rejection", async () => {
    const one = await submit("prod-files", "No");
    await review(ben, one, "approve");
    expect((await review(carl, one, "reject", "no")).state).toBe("rejected");
    await expect(review(dora, one, "approve")).rejects.toEqual(code("SUBMISSION_DECIDED"));
  });

  it("SPEC §17.3.2 are for those that the ruleset lists, and so is writing", async () => {
    await expect(submit("secret", "S", carl)).rejects.toEqual(code("ROLE_REFUSED"));
    const one = await submit("secret", "S");
    await expect(review(ben, one, "approve")).rejects.toEqual(code("ROLE_REFUSED"));
    await expect(review(ben, one, "reject", "no")).rejects.toEqual(code("ROLE_REFUSED"));
    expect((await review(carl, one, "approve")).state).toBe("approved");
  });
});

describe("an emergency", () => {
  it("SPEC §17.3.3 takes two people with a reason, and SPEC §17.3.4 the log keeps it", async () => {
    const one = await submit("prod-now", "Now");
    await expect(review(author, one, "emergency", "now")).rejects.toEqual(code("APPROVAL_OWN"));
    await expect(review(mia, one, "emergency", " ")).rejects.toEqual(code("REQUEST_INVALID"));
    expect((await review(mia, one, "emergency", "outbreak")).state).toBe("open");
    await expect(review(mia, one, "emergency", "again")).rejects.toEqual(code("SUBMISSION_DECIDED"));
    // A usual approval and an emergency one are not two of either.
    expect((await review(carl, one, "approve")).state).toBe("open");
    expect(await review(ben, one, "emergency", "all asleep")).toMatchObject({ state: "approved" });
    const [pending] = await desk.context.records.list<{ text: string }>("log-pending", {
      prefix: "emergency/",
    });
    expect(parseReleaseLogEntry(utf8Bytes(pending?.body.text ?? ""))).toMatchObject({
      kind: "emergency",
      submissionDigest: one.digest,
      people: [
        { by: "mia", reason: "outbreak" },
        { by: "ben", reason: "all asleep" },
      ],
    });
  });
});

describe("what became of rules", () => {
  beforeAll(async () => {
    const approve = async (one: Promise<SubmissionRecord>) => review(dora, await one, "approve");
    const content = (files: Record<string, string>, by: Identity, message: string) =>
      submitRules(desk.context, by, { ruleset: "told", kind: "yara", message, files: incoming(files) });
    await approve(content({ "a.yar": rule("Old") + rule("Kept") }, ann, "the first"));
    const published = await desk.context.records.list("log-pending");
    expect(published.length).toBeGreaterThan(0);
    await approve(content({ "a.yar": rule("Old", 2) + rule("Kept") }, ben, "sharper"));
    await approve(content({ "a.yar": rule("Kept"), "b.yar": rule("New") }, carl, "old *one* <b>goes</b>"));
  });

  it("SPEC §17.4.2 is in a rule's history, with its first and last author", async () => {
    expect(await ruleRevisions(desk.context, ann, { id: "Old" })).toMatchObject({
      ...{ firstAuthor: "ann", lastAuthor: "carl", stands: false, complete: true },
      revisions: [
        {
          change: "added",
          author: "ann",
          approvedBy: "dora",
          message: "the first",
          after: { path: "a.yar" },
        },
        { change: "changed", author: "ben", message: "sharper" },
        { change: "removed", author: "carl", after: null },
      ],
    });
    expect(await ruleRevisions(desk.context, ann, { id: "Kept", ruleset: "told" })).toMatchObject({
      ...{ firstAuthor: "ann", lastAuthor: "ann", stands: true },
    });
    await expect(ruleRevisions(desk.context, ann, { id: "Never" })).rejects.toEqual(code("NOT_FOUND"));
  });

  it("SPEC §17.4.1 is in a release's change log, by whom and why, and no markup of authors' is", async () => {
    await desk.build();
    const log = await readChangeLog(desk.context, ann, { feed, release: 1 as never });
    const told = log.changes.filter(({ ruleset }) => ruleset === "told");
    expect(told).toMatchObject([
      { change: "added", id: "Kept", by: "ann", approvedBy: "dora", why: "the first" },
      { change: "added", id: "New", by: "carl", why: "old *one* <b>goes</b>" },
    ]);
    expect(await readChangeLog(desk.context, ann, { feed, release: 1 as never })).toEqual(log);
    expect(changeLogMarkdown(log)).toContain("- `New` in told, by carl");
    expect(changeLogMarkdown(log)).toContain("old \\*one\\* \\<b\\>goes");
    expect(changeLogPage(log)).toContain("&lt;b&gt;goes");
    expect(changeLogPage(log)).not.toContain("<b>");
  });
});
