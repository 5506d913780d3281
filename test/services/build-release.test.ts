import { afterEach, describe, expect, it } from "vitest";
import { utf8Text } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import { releaseNumber } from "../../src/core/brands.js";
import type { SubmissionRecord } from "../../src/services/model.js";
import { buildRelease } from "../../src/services/build-release.js";
import { publishRelease } from "../../src/services/publish-release.js";
import {
  listReleases,
  openManifest,
  readReleaseSources,
  showRelease,
} from "../../src/services/read-releases.js";
import { recordVerdict } from "../../src/services/record-verdict.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { ann, type Desk, feed, mia, oliver, openDesk, workersOf } from "./desk.js";
import { testSigner } from "../simulator/test-signer.js";

const hosts = (...names: string[]) => ({ "a.txt": names.map((name) => `${name}.example.com\n`).join("") });

describe("building a release", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  it("SPEC §2.3.3 refuses other roles, unknown feeds, nothing approved and nothing new", async () => {
    desk = await openDesk();
    await expect(buildRelease(desk.context, ann, { feed })).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    await expect(desk.build({ feed: "nowhere" as never })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(desk.build()).rejects.toMatchObject({ code: "RELEASE_EMPTY" });
    await expect(desk.build({ renew: true })).rejects.toMatchObject({ code: "RELEASE_EMPTY" });
    await desk.addRules("hosts", "ioc", hosts("a"));
    await desk.release();
    await expect(desk.build()).rejects.toMatchObject({ code: "RELEASE_UNCHANGED" });
  });

  it("SPEC §2.3.1 SPEC §2.3.2 freezes the heads: what is approved later is of the next release", async () => {
    desk = await openDesk();
    const first = await desk.addRules("hosts", "ioc", hosts("a"));
    const queued = await buildRelease(desk.context, mia, { feed, reason: "because" });
    expect(queued).toMatchObject({ state: "queued", reason: "because", createdBy: "mia" });
    await desk.addRules("hosts", "ioc", hosts("a", "b"));
    const built = await desk.advance();
    expect(built).toMatchObject({ state: "signed", database: { rules: { ioc: 1 } } });
    const { revisions } = await readReleaseSources(desk.context, oliver, built);
    expect(revisions).toMatchObject([
      { ruleset: "hosts", submission: first.id, digest: first.digest, author: "ann", approvedBy: "ben" },
    ]);
  });

  it("SPEC §2.3.4 gives the same database for the same sources, whoever wrote them and in whatever order", async () => {
    desk = await openDesk();
    const other = await openDesk();
    await desk.addRules("one", "ioc", hosts("a", "b"));
    await desk.addRules("two", "ioc", hosts("c"));
    await other.addRules("two", "ioc", hosts("c"));
    await other.addRules("one", "ioc", hosts("a", "b"));
    const [here, there] = [await desk.build(), await other.build()];
    expect(here.database).toEqual(there.database);
    expect(here.sourceTreeSha256).toBe(there.sourceTreeSha256);
    expect(here.packs.map(({ sha256 }) => sha256)).toEqual(there.packs.map(({ sha256 }) => sha256));
    await other.close();
  });

  it("SPEC §2.4.3 has one release under way at a time, and never signs two manifests of one number", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const first = await desk.build();
    await expect(desk.build()).rejects.toMatchObject({ code: "RELEASE_STATE" });
    const failed = { feed, release: first.release, result: "FAILED", explanation: "bytes differ" } as const;
    expect(await recordVerdict(desk.context, oliver, failed)).toMatchObject({ state: "failed" });
    await expect(publishRelease(desk.context, mia, first)).rejects.toMatchObject({ code: "ASSAY_FAILED" });
    const again = await desk.build();
    expect(again).toMatchObject({ release: 2, state: "signed", verdicts: [], previous: null });
    expect(await desk.publish(await desk.coSign(again))).toMatchObject({ state: "published" });
    const { items, next } = await listReleases(desk.context, ann, { feed });
    expect(items.map(({ release, state }) => `${release} ${state}`)).toEqual(["2 published", "1 failed"]);
    expect(next).toBeNull();
  });

  it("SPEC §2.5.5 makes deltas from published releases, from the one before in any case", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    await desk.release();
    for (let i = 0; i < 9; i++) {
      await desk.addRules("hosts", "ioc", hosts("a", `b${i}`));
      await withdrawRelease(desk.context, mia, { ...(await desk.coSign(await desk.build())), reason: "no" });
    }
    const built = await desk.build();
    expect(built).toMatchObject({ release: 11, previous: 1 });
    expect(built.packs.map(({ path }) => path)).toEqual(["endpoint/1-11.delta.rmp", "endpoint/11.full.rmp"]);
    expect(await desk.publish(await desk.coSign(built))).toMatchObject({ state: "published" });
    const back = await withdrawRelease(desk.context, mia, { feed, release: built.release, reason: "bad" });
    expect(back).toMatchObject({ release: 12, restores: 1 });
  });

  it("SPEC §2.3.5 ends a release whose parser failed, and says which file", async () => {
    let broken = false;
    desk = await openDesk({
      wrap: ({ workers }) => ({
        workers: workersOf(async (kind, files) => {
          const parsed = await workers.parse(kind, files);
          const finding = { line: 1, column: 1, severity: "error", message: "the worker died" } as const;
          const code = "RULES_PARSER_FAILED";
          return broken
            ? parsed.map(({ path }) => ({
                path,
                records: [],
                lines: [],
                findings: [{ path, ...finding, code }],
              }))
            : parsed;
        }),
      }),
    });
    const submission = await desk.submit("hosts", "ioc", hosts("a"), { leaveOutInvalid: true });
    await desk.approve(submission);
    broken = true;
    const ended = await desk.build();
    expect(ended).toMatchObject({
      state: "failed",
      waitingFor: expect.stringMatching(/^RULES_INVALID: .*hosts\/a.txt:1:1 RULES_PARSER_FAILED/),
    });
    await expect(publishRelease(desk.context, mia, ended)).rejects.toMatchObject({ code: "RELEASE_STATE" });
    broken = false;
    expect(await desk.build()).toMatchObject({ release: 1, state: "signed" });
    const kept = await desk.context.records.list<{ verdicts: unknown[] }>("failed-releases");
    expect(kept).toMatchObject([{ body: { release: 1, state: "failed" } }]);
  });

  it("ends a release whose rulesets clash, and names the rule", async () => {
    desk = await openDesk();
    const rule = (text: string) =>
      `alert tcp any any -> any 80 (msg:"${text}"; content:"y"; sid:7; rev:1;)\n`;
    // As those were kept that were made before ids were: the approval has nothing to compare.
    for (const [name, path] of [
      ["one", "a.rules"],
      ["two", "b.rules"],
    ] as const) {
      const { id } = await desk.submit(name, "suricata", { [path]: rule(name) });
      const kept = await desk.context.records.get<SubmissionRecord>("submissions", id);
      const body: SubmissionRecord = { ...(kept?.body as SubmissionRecord), idsSha256: undefined };
      await desk.context.records.commit([{ collection: "submissions", id, expected: 1, body }]);
      await desk.approve(body);
    }
    expect(await desk.build()).toMatchObject({
      state: "failed",
      waitingFor: expect.stringMatching(/^RULE_CONFLICT: .*(one\/a|two\/b)\.rules:1:/),
    });
  });

  it("SPEC §2.5.6 lists no pack that does not give the exact database back", async () => {
    desk = await openDesk({
      wrap: ({ codec }) => ({
        codec: {
          decompress: (...args) => codec.decompress(...args),
          compress: (method, blocks) =>
            codec.compress(
              method,
              blocks.map((block) => {
                const bytes = block.slice();
                bytes[0] = 255 - (bytes[0] ?? 0);
                return bytes;
              }),
            ),
        },
      }),
    });
    await desk.addRules("hosts", "ioc", hosts("a"));
    const stuck = await desk.build();
    expect(stuck).toMatchObject({ state: "queued", packs: [] });
    expect(stuck.waitingFor).toMatch(/^DATABASE_DIGEST_MISMATCH: /);
  });

  it.each([
    ["zstd unless told otherwise", undefined, "zstd-codec/0.1.5"],
    ["xz where the feed's setting says so", { method: "xz", xzBytesMax: 0 }, "rulemint-xz/1"],
    ["xz up to a size", { method: "by-size", xzBytesMax: 2000 }, "rulemint-xz/1"],
    ["zstd above the size", { method: "by-size", xzBytesMax: 20 }, "zstd-codec/0.1.5"],
  ] as const)("SPEC §4.1.3 makes full packs by %s, and says so", async (_, policy, made) => {
    desk = await openDesk({
      wrap: ({ settings }) => ({
        settings: { ...settings, ...(policy && { fullPacks: { endpoint: policy } }) },
      }),
    });
    await desk.addRules("hosts", "ioc", hosts("a"));
    expect((await desk.build()).packs).toMatchObject([{ kind: "full", codec: made }]);
  });

  it("goes on where it was after a failure in the middle of packing", async () => {
    let fails = false;
    desk = await openDesk({
      wrap: ({ codec }) => ({
        codec: {
          decompress: (...args) => codec.decompress(...args),
          compress: async (method, blocks) => {
            if (fails) throw new OperationError("STORE_FULL", "expected room, got ENOSPC");
            return codec.compress(method, blocks);
          },
        },
      }),
    });
    await desk.addRules("hosts", "ioc", hosts("a"));
    await desk.release();
    await desk.addRules("hosts", "ioc", hosts("a", "b"));
    fails = true;
    const stuck = await desk.build();
    expect(stuck).toMatchObject({ state: "queued", waitingFor: expect.stringMatching(/^STORE_FULL/) });
    expect(stuck.database).not.toBeNull();
    fails = false;
    desk.passDays(1 / 1440);
    expect(await desk.advance()).toMatchObject({ state: "signed", database: stuck.database });
  });
});

describe("the overseer's verdict", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  it("SPEC §2.4.1 is asked for before anything is published", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const built = await desk.build();
    await expect(publishRelease(desk.context, mia, built)).rejects.toMatchObject({ code: "ASSAY_MISSING" });
    await expect(publishRelease(desk.context, oliver, built)).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    expect(await desk.context.tree.read("metadata/1.endpoint.json")).toBeUndefined();
  });

  it("SPEC §2.4.2 counts only with an overseer's signature over this manifest", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const built = await desk.build();
    const stranger = await testSigner("ecdsa-p256-sha256");
    const publisher = desk.context.publisher as unknown as { keyid: string };
    const passed = { feed, release: built.release, result: "PASSED", explanation: "equal" } as const;
    const wrong = [
      {},
      { keyid: desk.overseer.keyid, signature: "00".repeat(64) },
      { keyid: desk.overseer.keyid, signature: hex(await desk.overseer.sign(new Uint8Array([1]))) },
      { keyid: stranger.keyid, signature: hex(await stranger.sign(new Uint8Array([1]))) },
      { keyid: publisher.keyid, signature: "00".repeat(70) },
    ];
    for (const signature of wrong) {
      const verdict = recordVerdict(desk.context, oliver, { ...passed, ...signature });
      await expect(verdict).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    }
    await expect(recordVerdict(desk.context, mia, passed)).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    expect(await showRelease(desk.context, ann, built)).toMatchObject({ state: "signed", verdicts: [] });
  });

  it("is recorded once, and changes nothing of the manifest but its signatures", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const built = await desk.build();
    const read = async () => {
      const object = await openManifest(desk.context, oliver, built);
      const bytes = await object.read(0, object.length);
      await object.close();
      return JSON.parse(utf8Text(bytes)) as { signed: unknown; signatures: unknown[] };
    };
    const before = await read();
    const assayed = await desk.coSign(built);
    expect(assayed).toMatchObject({ state: "assayed", verdicts: [{ by: "oliver", result: "PASSED" }] });
    expect(await desk.coSign(built)).toEqual(assayed);
    const after = await read();
    expect(after.signed).toEqual(before.signed);
    expect([before.signatures.length, after.signatures.length]).toEqual([1, 2]);
  });

  it("may still end a co-signed release, and not a published one", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const failed = {
      feed,
      release: releaseNumber(1),
      result: "FAILED",
      explanation: "second thoughts",
    } as const;
    await desk.coSign(await desk.build());
    expect(await recordVerdict(desk.context, oliver, failed)).toMatchObject({ state: "failed" });
    await desk.release();
    const late = recordVerdict(desk.context, oliver, { ...failed, release: releaseNumber(2) });
    await expect(late).rejects.toMatchObject({ code: "RELEASE_STATE" });
  });
});

describe("withdrawing and renewing", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  it("SPEC §2.5.4 brings older content back under a higher number", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const good = await desk.release();
    await desk.addRules("hosts", "ioc", hosts("a", "bad"));
    const bad = await desk.release();
    const order = { feed, release: bad.release, to: good.release, reason: "false positives" };
    await withdrawRelease(desk.context, mia, order);
    const restored = await desk.publish(await desk.coSign(await desk.advance()));
    expect(restored).toMatchObject({ release: 3, restores: 1, database: good.database, state: "published" });
    expect(restored.database).not.toEqual(bad.database);
  });

  it("ends a release that is not public, and refuses what makes no sense", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const built = await desk.build();
    const order = { feed, release: built.release, reason: "no" };
    await expect(withdrawRelease(desk.context, ann, order)).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    expect(await withdrawRelease(desk.context, mia, order)).toMatchObject({ state: "failed" });
    await expect(withdrawRelease(desk.context, mia, order)).rejects.toMatchObject({ code: "RELEASE_STATE" });
    await desk.release();
    await expect(withdrawRelease(desk.context, mia, order)).rejects.toMatchObject({ code: "RELEASE_STATE" });
  });

  it("SPEC §2.5.3 renews the content under a fresh expiry, with the database and all signatures", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("a"));
    const old = await desk.release();
    await desk.addRules("hosts", "ioc", hosts("a", "b"));
    desk.passDays(2);
    const renewed = await desk.release({ renew: true });
    expect(renewed).toMatchObject({
      release: 2,
      database: old.database,
      sourceTreeSha256: old.sourceTreeSha256,
    });
    expect(renewed.manifestSha256).not.toBe(old.manifestSha256);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
