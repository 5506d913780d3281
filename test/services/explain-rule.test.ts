import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { releaseNumber } from "../../src/core/brands.js";
import { hexText } from "../../src/core/encoding/bytes.js";
import { sha256 } from "../../src/core/encoding/sha256.js";
import type { RulemintError } from "../../src/core/errors.js";
import { memorySource } from "../../src/core/encoding/stream.js";
import { openSourceMap } from "../../src/core/format/source-map-reader.js";
import { parseEnvelope } from "../../src/core/trust/metadata.js";
import { parseManifest } from "../../src/core/trust/manifest.js";
import { explainRule, openSourceMapFile } from "../../src/services/explain-rule.js";
import type { SubmissionRecord } from "../../src/services/model.js";
import { openManifest } from "../../src/services/read-releases.js";
import { ann, ben, type Desk, feed, mia, openDesk } from "./desk.js";

let desk: Desk;
let second: SubmissionRecord;

const rule = (name: string, text: string) =>
  `rule ${name} {\n  strings:\n    $a = "${text}"\n  condition:\n    $a\n}\n`;

beforeAll(async () => {
  desk = await openDesk();
  await desk.addRules("samples", "yara", {
    "a.yar": `${rule("Old", "one")}${rule("Changed", "one")}`,
  });
  await desk.addRules("hosts", "ioc", { "h.txt": "evil.example\n" });
  await desk.release();
  await desk.addRules("more-hosts", "ioc", { "h.txt": "# again\nevil.example\n" });
  await desk.release();
  const files = { "a.yar": `${rule("Changed", "two")}${rule("Old", "one")}${rule("New", "one")}` };
  const submitted = await desk.submit("samples", "yara", files, { by: ben });
  second = await desk.approve(submitted, { name: "rea", roles: ["reviewer"] });
  await desk.release({ reason: "two rules" });
  await desk.release({ renew: true });
});
afterAll(() => desk.close());

const explain = (id: string, release = 4) =>
  explainRule(desk.context, ann, { feed, release: releaseNumber(release), id });

describe("the explanation of a rule", () => {
  it("names file, lines, submission, author and reviewer", async () => {
    expect(await explain("New")).toEqual([
      {
        kind: "yara",
        id: "New",
        record: 3,
        places: [
          {
            ruleset: "samples",
            path: "a.yar",
            fileSha256: second.files[0]?.sha256,
            firstLine: 13,
            lastLine: 18,
            submission: second.id,
            submissionDigest: second.digest,
            author: "ben",
            approvedBy: "rea",
            approvedAt: second.decision?.at,
          },
        ],
        history: { since: 3, unchangedSince: 3, complete: true },
      },
    ]);
  });

  it("says since when it is there, and since when as it is", async () => {
    const history = async (id: string, release?: number) => (await explain(id, release))[0]?.history;
    expect(await history("Old")).toEqual({ since: 1, unchangedSince: 1, complete: true });
    expect(await history("Changed")).toEqual({ since: 1, unchangedSince: 3, complete: true });
    expect(await history("Changed", 2)).toEqual({ since: 1, unchangedSince: 1, complete: true });
    expect(await history("evil.example")).toEqual({ since: 1, unchangedSince: 1, complete: true });
  });

  it("says that it may be older, where an older database is gone", async () => {
    const databases = {
      ...desk.context.databases,
      open: async (sha256: Parameters<typeof desk.context.databases.open>[0]) => {
        const { body } = (await desk.context.records.get("releases", "endpoint/0000000001")) as Loose;
        return body.database.sha256 === sha256 ? undefined : desk.context.databases.open(sha256);
      },
    };
    const context = { ...desk.context, databases };
    const [old] = await explainRule(context, ann, { feed, release: releaseNumber(4), id: "Old" });
    expect(old?.history).toEqual({ since: 3, unchangedSince: 3, complete: false });
  });

  it("names every place where several sources say the same", async () => {
    const [host] = await explain("evil[.]example");
    expect(host?.places.map(({ ruleset, firstLine }) => [ruleset, firstLine])).toEqual([
      ["hosts", 1],
      ["more-hosts", 2],
    ]);
    expect((await explain("evil.example", 1))[0]?.places).toHaveLength(1);
  });

  it("SPEC §15.1.3 rests on a map that names the tree and the database of the manifest; a renewal has the same", async () => {
    const digests = [];
    for (const release of [3, 4].map(releaseNumber)) {
      const map = await openSourceMapFile(desk.context, ann, { feed, release });
      const bytes = await map.read(0, map.length);
      await map.close();
      expect(hexText(await sha256(bytes))).toBe(map.sha256);
      const file = await openManifest(desk.context, ann, { feed, release });
      const { block } = parseManifest(parseEnvelope(await file.read(0, file.length), "targets").signed);
      await file.close();
      expect((await openSourceMap(memorySource(bytes))).head).toEqual({
        sourceTreeSha256: block.sourceTreeSha256,
        databaseSha256: block.database.sha256,
      });
      digests.push(map.sha256);
    }
    expect(new Set(digests).size).toBe(1);
  });

  it("SPEC §15.1.1 names no lines when the sources do not give the database", async () => {
    const workers = {
      ...desk.context.workers,
      parse: async (...job: Parameters<typeof desk.context.workers.parse>) =>
        (await desk.context.workers.parse(...job)).map((file) => ({
          ...file,
          records: file.records.slice(0, 1),
        })),
    };
    for (const { id, version } of await desk.context.records.list("source-maps")) {
      const write = { collection: "source-maps", id, expected: version, body: null };
      await desk.context.records.commit([write]);
    }
    const name = { feed, release: releaseNumber(3), id: "Old" };
    const lying = explainRule({ ...desk.context, workers }, ann, name);
    await expect(lying).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    expect(await desk.context.records.list("source-maps")).toEqual([]);
  });

  it("says that a rule is not there, or not of this kind, or not of this release", async () => {
    for (const [id, release] of [
      ["Nothing", 4],
      ["New", 2],
      ["New", 9],
    ] as const) {
      await expect(explain(id, release)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    const name = { feed, release: releaseNumber(4), id: "New", kind: "ioc" as const };
    await expect(explainRule(desk.context, ann, name)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is for people of the desk", async () => {
    const nobody = { name: "nobody", roles: [] };
    const name = { feed, release: releaseNumber(4), id: "New" };
    const refusal = await explainRule(desk.context, nobody, name).catch((error: unknown) => error);
    expect((refusal as RulemintError).code).toBe("ROLE_REFUSED");
    expect(mia.roles).not.toEqual([]);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a record as it is stored
type Loose = any;
