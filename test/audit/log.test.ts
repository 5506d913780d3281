/** The log as auditors see it: against witnesses and kept checkpoints, and in bundles since the last visit. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { auditLog } from "../../src/audit/audit-log.js";
import { bundlePaths } from "../../src/audit/bundle/layout.js";
import { Bundle } from "../../src/audit/bundle/open.js";
import { auditSince, sinceFiles } from "../../src/audit/bundle/since.js";
import { readingFrom } from "../../src/audit/fetch-file.js";
import { AuditLog } from "../../src/audit/report.js";
import { hexText, utf8Bytes } from "../../src/core/encoding/bytes.js";
import { sha256, sha256Digest } from "../../src/core/encoding/sha256.js";
import { memorySink, memorySource } from "../../src/core/encoding/stream.js";
import { OperationError } from "../../src/core/errors.js";
import { formatNote } from "../../src/core/log/note.js";
import { parseCheckpoint } from "../../src/core/log/checkpoint.js";
import { formatBundleIndex } from "../../src/audit/bundle/layout.js";
import { inMemory } from "../../src/audit/bundle/derived.js";
import { writeBundle } from "../../src/audit/bundle/write.js";
import { releaseNumber } from "../../src/core/brands.js";
import type { ProvenRelease } from "../../src/core/trust/model.js";
import { SimulatedLog } from "../simulator/log.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { SimulatedServer } from "../simulator/server.js";
import { TestLog } from "../support/log-world.js";

const fetcher = openHTTPFetcher();
afterAll(() => fetcher.close());
const now = new Date("2026-11-22T12:00:00Z");
let publisher: SimulatedPublisher;
let server: SimulatedServer;

beforeEach(async () => {
  publisher = await SimulatedPublisher.create(now);
  publisher.log = new SimulatedLog();
  await publisher.publishRoot();
  for (const host of ["one.example", "two.example", "three.example"]) await publisher.release([host]);
  server = await SimulatedServer.start(publisher.tree);
});
afterEach(() => server.close());

const log = () => (publisher.log as SimulatedLog).log;
const checkpoint = (of: TestLog = log()) => formatNote(of.checkpoint());
/** The same first `size` entries, and then others. */
function forkedAt(size: number, ...entries: string[]): TestLog {
  return new TestLog().append(...log().entries.slice(0, size), ...entries);
}

const ask = (witnesses: string[], checkpoints: Uint8Array[] = []) =>
  auditLog({
    ...{ url: server.url, root: publisher.root, feed: publisher.feed, at: now, fetcher, witnesses },
    checkpoints: checkpoints.map((bytes, i) => ({ name: `kept-${i}`, bytes })),
  });

async function witnessPath(): Promise<string> {
  return `${hexText(await sha256(utf8Bytes(log().origin)))}/checkpoint`;
}

describe("audit log", () => {
  it("agrees with what a witness and an auditor have seen", async () => {
    const kept = checkpoint(forkedAt(1));
    const witness = await SimulatedServer.start(new Map([[await witnessPath(), checkpoint(forkedAt(2))]]));
    const report = await ask([witness.url], [kept, checkpoint()]);
    await witness.close();
    expect(report.steps.filter(({ result }) => result !== "proven")).toEqual([]);
    expect(report).toMatchObject({ verdict: "proven", conclusion: expect.stringContaining("3 other views") });
  });

  it("says that nobody else was asked", async () => {
    expect((await ask([])).notes.join()).toContain("that everybody sees this log was not asked");
  });

  const lies: [string, () => Uint8Array, string][] = [
    ["another log of the same size", () => checkpoint(forkedAt(2, "evil")), "LOG_FORK"],
    ["a smaller log with another history", () => checkpoint(forkedAt(1, "evil")), "LOG_FORK"],
    ["a larger log", () => checkpoint(forkedAt(3, "later")), "LOG_CONSISTENCY_FAILED"],
    [
      "a log of another key",
      () => checkpoint(new TestLog("example.com/other").append("x")),
      "LOG_KEY_UNKNOWN",
    ],
    [
      "a checkpoint that was changed",
      // A letter of the root for another.
      () => checkpoint().map((byte, i) => (i === 25 ? (byte === 0x42 ? 0x43 : 0x42) : byte)),
      "LOG_SIGNATURE_INVALID",
    ],
  ];
  it.each(lies)("is refused against %s", async (_name, seen, code) => {
    const report = await ask([], [seen()]);
    expect(report.verdict).toBe("refused");
    expect(report.steps.at(-1)?.title).toBe("Seen by kept-0");
    expect(report.steps.at(-1)?.code).toBe(code);
  });

  it("ends where a witness has nothing to say", async () => {
    const witness = await SimulatedServer.start(new Map());
    const report = await ask([witness.url]);
    await witness.close();
    expect(report.steps.at(-1)).toMatchObject({ result: "refused", code: "FETCH_NOT_FOUND" });
  });
});

describe("SPEC §14.6.2 a bundle since the last visit", () => {
  const files = () =>
    readingFrom(async (path) => {
      const found = publisher.tree.get(path);
      if (found === undefined) throw new OperationError("FETCH_NOT_FOUND", path);
      return new Uint8Array(found);
    });

  /** A bundle of nothing but what the step needs. */
  async function bundleWith(since: Uint8Array | undefined, published: TestLog): Promise<Bundle> {
    const head = parseCheckpoint(published.checkpoint().text);
    const index = { feed: publisher.feed, release: releaseNumber(1) };
    const members = [
      await inMemory(bundlePaths.index, formatBundleIndex(index)),
      ...(await sinceFiles(files(), since, head, publisher.policy)),
    ];
    const sink = memorySink();
    await writeBundle(members, sink);
    return Bundle.open(memorySource(sink.bytes()), sha256Digest);
  }

  async function judge(bundle: Bundle, published: TestLog | undefined, since: Uint8Array | undefined) {
    const audit = new AuditLog();
    const note = published?.checkpoint();
    const entry = note && { index: 0, checkpoint: { ...parseCheckpoint(note.text), note, cosignatures: [] } };
    const release = { ...(entry && { log: entry }) } as unknown as ProvenRelease;
    const answer = auditSince(audit, bundle, release, publisher.policy, since);
    const code = await answer.then(
      () => "proven",
      (error: { code: string }) => error.code,
    );
    return { code, audit };
  }

  it("is proven from an older checkpoint, from a later one, and from the same", async () => {
    for (const size of [1, 2, 3]) {
      for (const publishedAt of [1, 2, 3]) {
        const since = checkpoint(forkedAt(size));
        const published = forkedAt(publishedAt);
        expect((await judge(await bundleWith(since, published), published, since)).code).toBe("proven");
      }
    }
  });

  it("is refused when the log was rolled back or forked since then", async () => {
    const published = forkedAt(3);
    const bundle = await bundleWith(checkpoint(forkedAt(2)), published);
    expect((await judge(bundle, published, checkpoint(forkedAt(1, "evil")))).code).toBe("LOG_FORK");
    expect((await judge(bundle, published, checkpoint(forkedAt(0, "evil")))).code).toBe(
      "LOG_CONSISTENCY_FAILED",
    );
    expect((await judge(bundle, published, checkpoint(forkedAt(2, "evil")))).code).toBe("LOG_FORK");
  });

  it("is refused without a proof from the auditor's own checkpoint", async () => {
    const published = forkedAt(3);
    const without = await bundleWith(undefined, published);
    expect((await judge(without, published, checkpoint(forkedAt(2)))).code).toBe("LOG_CONSISTENCY_FAILED");
  });

  it("is refused for a release that is in no log", async () => {
    const bundle = await bundleWith(checkpoint(forkedAt(2)), forkedAt(3));
    expect((await judge(bundle, undefined, checkpoint(forkedAt(2)))).code).toBe("LOG_PROOF_MISSING");
  });

  it("says so when nobody gave a checkpoint", async () => {
    const published = forkedAt(3);
    const { code, audit } = await judge(await bundleWith(undefined, published), published, undefined);
    expect([code, audit.notes.join()]).toEqual([
      "proven",
      expect.stringContaining("rolled back or forked is not noticed"),
    ]);
  });
});
