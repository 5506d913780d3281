/** Drafts, withdrawals, patches, comments, limits, and what a submission changes by rule. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commentSubmission, listComments } from "../../src/services/comment-submission.js";
import { diffSubmission } from "../../src/services/diff-submission.js";
import type { SubmissionRecord } from "../../src/services/model.js";
import { openDraft } from "../../src/services/open-draft.js";
import { listRulesets } from "../../src/services/read-submissions.js";
import { type NewSubmission, submitRules } from "../../src/services/submit-rules.js";
import { withdrawSubmission } from "../../src/services/withdraw-submission.js";
import { ann, ben, type Desk, incoming, openDesk } from "./desk.js";

const rule = (name: string, size = 1) => `rule ${name} { condition: filesize > ${size} }\n`;
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk({ ceremony: false });
});
afterAll(() => desk.close());

type Input = Partial<NewSubmission> & { readonly content: Record<string, string> };
function submit(ruleset: string, { content, ...more }: Input, by = ann): Promise<SubmissionRecord> {
  const order = { ruleset, kind: "yara", message: "why", files: incoming(content), ...more } as const;
  return submitRules(desk.context, by, order);
}
const code = (refusal: string) => expect.objectContaining({ code: refusal });

describe("a draft", () => {
  it("is kept with its errors, is not reviewed, and SPEC §17.2.5 opens only without them", async () => {
    const bad = await submit("drafts", { draft: true, content: { "a.yar": "rule A { condition: $x }" } });
    expect(bad.state).toBe("draft");
    expect(bad.findings).not.toEqual([]);
    await expect(desk.approve(bad)).rejects.toEqual(code("SUBMISSION_DECIDED"));
    await expect(openDraft(desk.context, ann, bad.id)).rejects.toMatchObject({
      code: "RULES_INVALID",
      details: { findings: bad.findings },
    });
    const good = await submit("drafts", { draft: true, content: { "a.yar": rule("A") }, replaces: bad.id });
    await expect(openDraft(desk.context, ben, good.id)).rejects.toEqual(code("AUTHOR_REFUSED"));
    expect(await openDraft(desk.context, ann, good.id)).toMatchObject({ state: "open", digest: good.digest });
    expect((await openDraft(desk.context, ann, good.id)).state).toBe("open");
    expect((await desk.approve(good)).state).toBe("approved");
    await expect(openDraft(desk.context, ann, bad.id)).rejects.toEqual(code("SUBMISSION_DECIDED"));
  });

  it("SPEC §17.2.1 sent twice is one, and another than the same content for review", async () => {
    const content = { "a.yar": rule("Twice") };
    const one = await submit("twice", { draft: true, content });
    expect((await submit("twice", { draft: true, content })).id).toBe(one.id);
    const open = await submit("twice", { content });
    expect(open.id).not.toBe(one.id);
    expect((await submit("twice", { content })).id).toBe(open.id);
  });
});

describe("a withdrawal", () => {
  it("SPEC §17.2.3 is its author's, once, and ends the submission", async () => {
    const one = await submit("back", { content: { "a.yar": rule("Back") } });
    const withdrawal = { submission: one.id, reason: "a mistake" };
    await expect(withdrawSubmission(desk.context, ben, withdrawal)).rejects.toEqual(code("AUTHOR_REFUSED"));
    expect(await withdrawSubmission(desk.context, ann, withdrawal)).toMatchObject({
      state: "withdrawn",
      decision: { by: "ann", reason: "a mistake" },
    });
    await expect(desk.approve(one)).rejects.toEqual(code("SUBMISSION_DECIDED"));
    await expect(withdrawSubmission(desk.context, ann, withdrawal)).rejects.toEqual(
      code("SUBMISSION_DECIDED"),
    );
  });

  it("SPEC §17.2.4 happens to what is replaced, in the same commit", async () => {
    const one = await submit("again", { content: { "a.yar": rule("One") } });
    const two = await submit("again", { content: { "a.yar": rule("Two") }, replaces: one.id });
    await expect(desk.approve(one)).rejects.toEqual(code("SUBMISSION_DECIDED"));
    await desk.approve(two);
    const late = submit("again", { content: { "a.yar": rule("Three") }, replaces: two.id });
    await expect(late).rejects.toEqual(code("SUBMISSION_DECIDED"));
    const foreign = submit("again", { content: { "a.yar": rule("Four") }, replaces: one.id }, ben);
    await expect(foreign).rejects.toEqual(code("AUTHOR_REFUSED"));
  });
});

describe("a patch", () => {
  const head = { "a/one.yar": rule("One"), "a/two.yar": rule("Two"), "b.yar": rule("B") };

  it("puts files into the head's and takes others out", async () => {
    await desk.addRules("patched", "yara", head);
    const content = { "b.yar": rule("B", 2), "c.yar": rule("C") };
    const one = await submit("patched", { patch: true, deletes: ["a/two.yar"], content });
    expect(one.files.map(({ path }) => path)).toEqual(["a/one.yar", "b.yar", "c.yar"]);
    expect(await diffSubmission(desk.context, ben, { submission: one.id })).toMatchObject({
      totals: { added: 1, changed: 1, removed: 1, moved: 0 },
      rules: [
        { change: "changed", id: "B" },
        { change: "added", id: "C" },
        { change: "removed", id: "Two", before: { path: "a/two.yar" }, after: null },
      ],
    });
    const folder = await submit("patched", { patch: true, deletes: ["a"], content: {} });
    expect(folder.files.map(({ path }) => path)).toEqual(["b.yar"]);
  });

  it("SPEC §17.2.2 is worth nothing on another head", async () => {
    await desk.addRules("moving", "yara", head);
    const one = await submit("moving", { patch: true, content: { "b.yar": rule("B", 3) } });
    const two = await submit("moving", { patch: true, content: { "b.yar": rule("B", 4) } });
    await desk.approve(one);
    await expect(desk.approve(two)).rejects.toEqual(code("APPROVAL_STALE"));
  });

  it("needs a head, and paths that are there", async () => {
    await expect(submit("headless", { patch: true, content: {} })).rejects.toEqual(code("APPROVAL_STALE"));
    const missing = submit("patched", { patch: true, deletes: ["z.yar"], content: {} });
    await expect(missing).rejects.toEqual(code("NOT_FOUND"));
    const whole = submit("patched", { deletes: ["b.yar"], content: { "a.yar": rule("A") } });
    await expect(whole).rejects.toEqual(code("REQUEST_INVALID"));
    const clash = submit("patched", { patch: true, content: { "B.YAR": rule("Z") } });
    await expect(clash).rejects.toEqual(code("PATH_UNSAFE"));
  });
});

describe("a comparison", () => {
  it("SPEC §17.2.7 is by rule: layout and lines are nothing, another file is a move", async () => {
    const before = {
      "a.yar": rule("Stays") + rule("Moves") + rule("Changes") + rule("Goes"),
      "old.yar": rule("Same"),
    };
    await desk.addRules("compared", "yara", before);
    const content = {
      "a.yar": `// a comment\n\n${rule("Stays").replace(" {", "\n{")}${rule("Changes", 2)}`,
      "b.yar": rule("Comes") + rule("Moves"),
      "new.yar": rule("Same"),
    };
    const one = await submit("compared", { content });
    const diff = await diffSubmission(desk.context, ben, { submission: one.id });
    expect(diff.rules.map(({ change, id }) => `${change} ${id}`)).toEqual([
      ...["changed Changes", "added Comes", "removed Goes", "moved Moves", "moved Same"],
    ]);
    expect(diff.rules.find(({ id }) => id === "Moves")).toMatchObject({
      before: { path: "a.yar", firstLine: 2 },
      after: { path: "b.yar", firstLine: 2 },
    });
    expect(diff.files).toEqual([
      { change: "changed", path: "a.yar", from: null },
      { change: "added", path: "b.yar", from: null },
      { change: "renamed", path: "new.yar", from: "old.yar" },
    ]);
  });

  it.each(["ioc", "suricata", "sigma", "clamav"] as const)("knows %s", async (kind) => {
    const texts = {
      ioc: ["one.example.net\n", "one.example.net\ntwo.example.net\n", "two.example.net"],
      suricata: [sid(1, "one"), sid(1, "one") + sid(2, "two"), "1:2"],
      sigma: [sigma("one"), `${sigma("one")}---\n${sigma("two")}`, "10000000-0000-4000-8000-000000000003"],
      clamav: ["Desk.One:0:*:6162636465\n", "Desk.One:0:*:6162636465\nDesk.Two:0:*:6162636466\n", "Desk.Two"],
    } as const;
    const [first, second, id] = texts[kind];
    const name = { ioc: "a.txt", suricata: "a.rules", sigma: "a.yml", clamav: "a.ndb" }[kind];
    await desk.addRules(`of-${kind}`, kind, { [name]: first });
    const one = await submit(`of-${kind}`, { kind, content: { [name]: second } });
    const { rules } = await diffSubmission(desk.context, ben, { submission: one.id });
    expect(rules).toMatchObject([{ change: "added", id }]);
  });

  it("with another ruleset is refused", async () => {
    const one = await submit("apart", { content: { "a.yar": rule("Apart") } });
    const other = await submit("apart-too", { content: { "a.yar": rule("Apart") } });
    const diff = diffSubmission(desk.context, ben, { submission: one.id, against: other.id });
    await expect(diff).rejects.toEqual(code("REQUEST_INVALID"));
  });
});

describe("comments", () => {
  it("stay in order, about a file or a line of it", async () => {
    const { id } = await submit("said", { content: { "a.yar": rule("Said") } });
    await commentSubmission(desk.context, ben, { submission: id, text: "why?", path: "a.yar", line: 1 });
    await commentSubmission(desk.context, ann, { submission: id, text: "because" });
    expect(await listComments(desk.context, ben, id)).toMatchObject([
      { by: "ben", text: "why?", path: "a.yar", line: 1 },
      { by: "ann", text: "because", path: null, line: null },
    ]);
    const elsewhere = commentSubmission(desk.context, ben, { submission: id, text: "x", path: "b.yar" });
    await expect(elsewhere).rejects.toEqual(code("REQUEST_INVALID"));
  });
});

describe("licence and source", () => {
  it("are kept with the ruleset until a revision says otherwise", async () => {
    const origin = { licence: "DRL-1.1", source: "https://rules.example.net/set" };
    await desk.approve(await submit("taken", { content: { "a.yar": rule("Taken") }, ...origin }));
    await desk.approve(await submit("taken", { content: { "a.yar": rule("Taken", 2) } }));
    const found = (await listRulesets(desk.context, ann)).find(({ name }) => name === "taken");
    expect(found).toMatchObject(origin);
  });
});

describe("limits", () => {
  const small = { fileBytesMax: 100, submissionBytesMax: 150, filesMax: 2, rulesMax: 3, pathBytesMax: 12 };
  it.each([
    ["of a file", { "a.yar": "x".repeat(101) }, "FILE_TOO_LARGE"],
    ["of all bytes", { "a.yar": "x".repeat(80), "b.yar": "x".repeat(80) }, "FILE_TOO_LARGE"],
    ["of files", { "a.yar": "", "b.yar": "", "c.yar": "" }, "LIMIT_EXCEEDED"],
    [
      "of rules",
      { "a.txt": "a.example.org\nb.example.org\nc.example.org\nd.example.org\n" },
      "LIMIT_EXCEEDED",
    ],
    ["of a path", { "a/very/long/path.yar": "" }, "PATH_UNSAFE"],
  ])("SPEC §17.2.6 %s hold where they are configured", async (_, content, refusal) => {
    const settings = { ...desk.context.settings, submissionLimits: small };
    const order = { ruleset: "small", kind: "ioc", message: "", files: incoming(content) } as const;
    await expect(submitRules({ ...desk.context, settings }, ann, order)).rejects.toEqual(code(refusal));
  });

  it("SPEC §17.2.6 end a stream at the byte that is too many", async () => {
    let read = 0;
    async function* endless() {
      for (;;) {
        read++;
        yield new Uint8Array(64);
      }
    }
    async function* files() {
      yield { path: "a.yar", content: endless() };
    }
    const settings = { ...desk.context.settings, submissionLimits: small };
    const order = { ruleset: "small", kind: "yara", message: "", files: files() } as const;
    await expect(submitRules({ ...desk.context, settings }, ann, order)).rejects.toEqual(
      code("FILE_TOO_LARGE"),
    );
    expect(read).toBe(2);
  });
});

function sid(number: number, msg: string): string {
  return `alert tcp any any -> any 80 (msg:"${msg}"; content:"${msg}"; sid:${number}; rev:1;)\n`;
}

function sigma(title: string): string {
  const number = title.length;
  const id = `10000000-0000-4000-8000-00000000000${title === "one" ? 1 : number}`;
  return `title: Desk rule ${title}\nid: ${id}\nlogsource:\n  category: process_creation\n  product: windows\ndetection:\n  selection:\n    Image|endswith: '\\${title}.exe'\n  condition: selection\n`;
}
