import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/brands.js";
import { OperationError } from "../../src/core/errors.js";
import { limits } from "../../src/core/limits.js";
import { listSubmissions, openSource, showSubmission } from "../../src/services/read-submissions.js";
import { submitRules } from "../../src/services/submit-rules.js";
import { ann, ben, type Desk, incoming, mia, oliver, openDesk } from "./desk.js";

const good = 'rule Good { strings: $a = "good bytes" condition: $a }\n';
const bad = "rule Bad { condition: $missing }\nrule Fine { condition: filesize > 1 }\n";

describe("submitting rules", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ ceremony: false });
  });
  afterAll(() => desk.close());

  it("takes a revision, stores its bytes by digest and counts its rules", async () => {
    const record = await desk.submit("first", "yara", { "b.yar": good, "a/LICENSE": "free\n" });
    expect(record).toMatchObject({ state: "open", author: "ann", rules: 1, decision: null });
    expect(record.files.map(({ path }) => path)).toEqual(["a/LICENSE", "b.yar"]);
    expect(record.findings).toMatchObject([
      { path: "a/LICENSE", code: "FILE_NOT_COMPILED", severity: "warning" },
    ]);
    const object = await openSource(desk.context, oliver, record.files[1]!.sha256);
    expect(new TextDecoder().decode(await object.read(0, object.length))).toBe(good);
    await object.close();
    expect(await showSubmission(desk.context, ben, record.id)).toEqual(record);
  });

  it("gives the same submission for the same content while it is open", async () => {
    const one = await desk.submit("again", "yara", { "a.yar": good });
    expect(await desk.submit("again", "yara", { "a.yar": good })).toEqual(one);
    const other = await desk.submit("again", "yara", { "b.yar": good });
    expect(other.id > one.id).toBe(true);
    await desk.approve(one);
    expect((await desk.submit("again", "yara", { "a.yar": good })).id).not.toBe(one.id);
  });

  it("stores many that come at once in few commits, each with a number and an answer of its own", async () => {
    let commits = 0;
    const { records } = desk.context;
    const counted: typeof records = {
      get: (...asked) => records.get(...asked),
      list: (...asked) => records.list(...asked),
      commit: (...asked) => {
        commits++;
        return records.commit(...asked);
      },
      close: () => records.close(),
    };
    const context = { ...desk.context, records: counted };
    const send = (ruleset: string, text: string, replaces?: string) => {
      const input = { ruleset, kind: "yara", message: "why", files: incoming({ "a.yar": text }) } as const;
      return submitRules(context, ann, { ...input, ...(replaces !== undefined && { replaces }) });
    };
    const before = await send("many-0", good);
    commits = 0;
    const rule = (i: number) => `rule Many_${i} { condition: filesize > ${i} }`;
    const sent = await Promise.allSettled([
      ...Array.from({ length: 40 }, (_, i) => send(`many-${i + 1}`, i === 7 ? bad : rule(i))),
      send("many-1", rule(0)),
      send("many-0", rule(100), before.id),
      send("many-0", rule(101), "s-000000009999"),
    ]);
    const made = sent.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(sent.flatMap(({ status }, i) => (status === "rejected" ? [i] : []))).toEqual([42]);
    expect(made[40]?.id).toBe(made[0]?.id);
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length - 1);
    expect(made.map(({ state }) => state).filter((state) => state !== "open")).toEqual(["refused"]);
    expect(await showSubmission(desk.context, ann, before.id)).toMatchObject({ state: "withdrawn" });
    for (const one of made) expect(await showSubmission(desk.context, ann, one.id)).toEqual(one);
    expect(commits).toBeLessThan(20);
  });

  it("keeps a broken revision with every finding, refused", async () => {
    const record = await desk.submit("broken", "yara", { "a.yar": bad, "b.yar": "rule {", "c.yar": good });
    expect(record.state).toBe("refused");
    const errors = record.findings.filter(({ severity }) => severity === "error");
    expect(new Set(errors.map(({ path }) => path))).toEqual(new Set(["a.yar", "b.yar"]));
    expect(errors[0]).toMatchObject({ path: "a.yar", line: 1, code: expect.stringMatching(/^YARA_/) });
    await expect(desk.approve(record)).rejects.toMatchObject({ code: "SUBMISSION_DECIDED" });
    expect(await showSubmission(desk.context, ann, record.id)).toEqual(record);
  });

  it("leaves broken rules out when the author says so, and not when nothing is left", async () => {
    const kept = await desk.submit("partly", "yara", { "a.yar": bad }, { leaveOutInvalid: true });
    expect(kept).toMatchObject({ state: "open", rules: 1 });
    expect(kept.findings.some(({ severity }) => severity === "error")).toBe(true);
    const empty = await desk.submit("partly", "yara", { "a.yar": "rule {" }, { leaveOutInvalid: true });
    expect(empty.state).toBe("refused");
    expect(empty.findings.map(({ code }) => code)).not.toContain("RULES_NONE");
  });

  it("SPEC §17.5.4 leaves out what stands on a rule that is left out, and what stands on that", async () => {
    const lines = [
      "rule Bad { condition: $missing }",
      "rule Fine { condition: filesize > 1 }",
      "rule Stands { condition: Bad and filesize > 2 }",
      "rule Above { condition: 1 of (Stand*) }",
      'rule Other { strings: $Bad = "Bad Stands" condition: $Bad and Fine }',
    ];
    const files = { "a.yar": lines.join("\n"), "b.yar": "rule Bad { condition: filesize > 3 }" };
    const record = await desk.submit("stands", "yara", files, { leaveOutInvalid: true });
    expect(record).toMatchObject({ state: "open", rules: 3 });
    expect(record.leftOut).toEqual([3, 4].map((line) => ({ path: "a.yar", line })));
    expect(record.findings.filter(({ code }) => code === "RULE_STANDS_ON_LEFT_OUT")).toMatchObject([
      { path: "a.yar", line: 3, severity: "warning", message: expect.stringContaining('"Bad"') },
      { path: "a.yar", line: 4, severity: "warning", message: expect.stringContaining('"Stands"') },
    ]);
  });

  it("says that there are no rules only when nothing else explains it", async () => {
    const bare = await desk.submit("bare", "yara", { "a.yar": "// nothing yet" });
    expect(bare).toMatchObject({ state: "refused", rules: 0 });
    expect(bare.findings.map(({ code }) => code)).toEqual(["RULES_NONE"]);
    const broken = await desk.submit("bare", "yara", { "a.yar": "rule {" });
    expect(broken).toMatchObject({ state: "refused", rules: 0 });
    expect(broken.findings.length).toBeGreaterThan(0);
    expect(broken.findings.map(({ code }) => code)).not.toContain("RULES_NONE");
  });

  it("finds what clashes between two files of a ruleset", async () => {
    const record = await desk.submit("twice", "yara", { "a.yar": good, "a.yara": good, "a.yara.yar": good });
    expect(record.state).toBe("refused");
  });

  it("answers invalid UTF-8 with a finding that says where", async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode("rule A {\n// "), 0xff, 0x0a]);
    const record = await desk.submit("latin", "yara", { "a.yar": bytes, "b.yar": good });
    expect(record.state).toBe("refused");
    expect(record.findings).toContainEqual(
      expect.objectContaining({ path: "a.yar", line: 2, column: 4, code: "TEXT_NOT_UTF8" }),
    );
  });

  it.each([
    "../evil.yar",
    "a/../../evil.yar",
    "/etc/passwd",
    "C:/x.yar",
    "a\\b.yar",
    "a\0b.yar",
    "a\nb.yar",
    "a//b.yar",
    "./a.yar",
    "",
    `${"x".repeat(limits.pathBytesMax)}.yar`,
  ])("SPEC §2.2.7 refuses the path %j", async (path) => {
    const before = await desk.context.records.list("submissions");
    await expect(desk.submit("paths", "yara", { "ok.yar": good, [path]: good })).rejects.toMatchObject({
      code: "PATH_UNSAFE",
    });
    expect(await desk.context.records.list("submissions")).toEqual(before);
  });

  it.each([
    ["twice", ["a.yar", "a.yar"]],
    ["in two cases", ["Rules/a.yar", "rules/b.yar"]],
    ["composed and decomposed", ["\u00e9.yar", "e\u0301.yar"]],
    ["as file and as folder", ["a", "a/b.yar"]],
  ])("SPEC §2.2.7 refuses one path %s", async (_, paths) => {
    async function* files() {
      for (const path of paths) for await (const file of incoming({ [path]: good })) yield file;
    }
    const submission = submitRules(desk.context, ann, {
      ruleset: "paths",
      kind: "yara",
      message: "",
      files: files(),
    });
    await expect(submission).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });

  it("refuses a file of 2 GiB after the limit, without asking for the rest", async () => {
    const chunk = new Uint8Array(4 * 1024 * 1024);
    let sent = 0;
    async function* content() {
      for (; sent < 2 ** 31; sent += chunk.length) yield chunk;
    }
    async function* files() {
      yield { path: "huge.yar", content: content() };
    }
    const submission = submitRules(desk.context, ann, {
      ruleset: "huge",
      kind: "yara",
      message: "",
      files: files(),
    });
    await expect(submission).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
    expect(sent).toBeLessThanOrEqual(limits.fileBytesMax);
  });

  it("refuses more files than the limit", async () => {
    async function* files() {
      for (let i = 0; i <= limits.submissionFilesMax; i++) {
        yield { path: `f${i}`, content: (async function* () {})() };
      }
    }
    const store = {
      put: async () => ({ sha256: sha256Hex("0".repeat(64)), bytes: 0 }),
      open: async () => undefined,
    };
    const submission = submitRules({ ...desk.context, objects: store }, ann, {
      ruleset: "many",
      kind: "yara",
      message: "",
      files: files(),
    });
    await expect(submission).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it.each([
    ["no analyst", "x", mia, "ROLE_REFUSED"],
    ["a ruleset name that could be a path", "../x", ann, "REQUEST_INVALID"],
  ])("refuses %s", async (_, ruleset, by, code) => {
    await expect(desk.submit(ruleset, "yara", { "a.yar": good }, { by })).rejects.toMatchObject({ code });
  });

  it("refuses no files, and another kind than the ruleset has", async () => {
    await expect(desk.submit("none", "yara", {})).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await desk.addRules("settled", "yara", { "a.yar": good });
    await expect(desk.submit("settled", "ioc", { "a.txt": "a.example\n" })).rejects.toMatchObject({
      code: "RULESET_KIND",
    });
  });

  it("SPEC §2.2.6 drops what only an engine refuses, by the line where the rule starts", async () => {
    const engine = {
      name: "strict/1",
      kinds: ["yara"] as const,
      check: async () => [
        {
          path: "odd/a.yar",
          line: 4,
          column: 2,
          severity: "error",
          code: "YARA_ENGINE",
          message: "no",
        } as const,
      ],
    };
    const context = { ...desk.context, engines: [engine] };
    const text = `${good}\nrule Odd {\n  condition:\n    filesize > 2\n}\n`;
    const input = () => ({
      ruleset: "odd",
      kind: "yara" as const,
      message: "",
      files: incoming({ "a.yar": text }),
    });
    expect(await submitRules(context, ann, input())).toMatchObject({ state: "refused" });
    const kept = await submitRules(context, ann, { ...input(), leaveOutInvalid: true });
    expect(kept).toMatchObject({ state: "open", rules: 1, leftOut: [{ path: "a.yar", line: 3 }] });
  });

  it("lists pages, newest first, by state and ruleset", async () => {
    const all = await listSubmissions(desk.context, ann, { limit: 200 });
    expect(all.next).toBeNull();
    const ids = all.items.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    const paged: string[] = [];
    let after: string | undefined;
    do {
      const page = await listSubmissions(desk.context, ann, { state: "refused", limit: 2, after });
      paged.push(...page.items.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(paged).toEqual(all.items.filter(({ state }) => state === "refused").map(({ id }) => id));
    const one = await listSubmissions(desk.context, ann, { ruleset: "broken" });
    expect(one.items).toMatchObject([{ fileCount: 3, errors: expect.any(Number) }]);
    expect(one.items[0]).not.toHaveProperty("files");
  });
});

describe("storing what is submitted", () => {
  it("ends with the store's error, whichever file it was, and leaves no submission", async () => {
    const desk = await openDesk({ ceremony: false });
    for (const failing of [0, 7, 39]) {
      let puts = 0;
      const objects = {
        open: desk.context.objects.open.bind(desk.context.objects),
        put: async (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => {
          if (puts++ === failing) throw new OperationError("STORE_FULL", "expected room, got ENOSPC");
          return desk.context.objects.put(chunks);
        },
      };
      const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}.yar`, good]));
      const input = { ruleset: "full", kind: "yara", message: "", files: incoming(files) } as const;
      await expect(submitRules({ ...desk.context, objects }, ann, input)).rejects.toMatchObject({
        code: "STORE_FULL",
      });
    }
    expect(await desk.context.records.list("submissions")).toEqual([]);
    await desk.close();
  });

  it("keeps large and small files apart, byte for byte", async () => {
    const desk = await openDesk({ ceremony: false });
    const large = `// ${"x".repeat(300_000)}\n${good}`;
    const record = await desk.submit("sizes", "yara", { "a.yar": large, "b.yara": good, "c.txt": "" });
    expect(record.files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["a.yar", large.length],
      ["b.yara", good.length],
      ["c.txt", 0],
    ]);
    const object = await openSource(desk.context, ann, record.files[0]!.sha256);
    expect(new TextDecoder().decode(await object.read(0, object.length)) === large).toBe(true);
    await object.close();
    await desk.close();
  });
});
