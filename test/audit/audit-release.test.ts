import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDesk } from "../../src/adapters/desk/http.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { type AuditRequest, auditRelease } from "../../src/audit/audit-release.js";
import type { AuditReport } from "../../src/audit/report.js";
import { releaseNumber } from "../../src/core/brands.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import {
  manifestSignaturePath,
  metadataPath,
  packPath,
  packSignaturePath,
  timestampPath,
} from "../../src/core/release/tree-paths.js";
import type { ReleasePack, ReleaseRecord } from "../../src/services/model.js";
import type { SourceArchive } from "../../src/ports/source-archive.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { directWorkers, feed } from "../services/desk.js";
import { testCodec } from "../services/test-codec.js";
import { openService, type TestService } from "../support/service.js";

const fetcher = openHTTPFetcher();
const hosts = "evil.example.com\nworse.example.com\n";
let service: TestService;
let other: TestService;
let first: ReleaseRecord;
let second: ReleaseRecord;

beforeAll(async () => {
  service = await openService();
  other = await openService();
  const { desk } = service;
  await desk.addRules("samples", "yara", { "a.yar": 'rule A { strings: $a = "sample" condition: $a }\n' });
  await desk.addRules("hosts", "ioc", { "h.txt": hosts });
  first = await desk.release();
  await desk.addRules("hosts", "ioc", { "h.txt": `${hosts}worst.example.com\n` });
  second = await desk.release();
});
afterAll(async () => {
  await service.close();
  await other.close();
});

const archive = () => openDesk({ server: service.origin, token: service.tokens.auditor });

function audit(change: Partial<AuditRequest> = {}, sources: SourceArchive | undefined = archive()) {
  return auditRelease({
    ...{ url: service.origin, root: service.desk.root, feed, at: service.desk.now, fetcher, rebuild: true },
    workshop: { codec: testCodec, digest: sha256Digest, workers: directWorkers, archive: sources },
    ...change,
  });
}

type Bend = (bytes: Uint8Array) => Uint8Array | undefined;

/** Changes a file of the public tree while `work` runs; undefined takes it away. */
async function damaged<T>(path: string, bend: Bend, work: () => Promise<T>): Promise<T> {
  const file = join(service.desk.folder, "public", path);
  const sound = await readFile(file);
  const bad = bend(Uint8Array.from(sound));
  await rm(file);
  if (bad !== undefined) await writeFile(file, bad);
  try {
    return await work();
  } finally {
    await writeFile(file, sound);
  }
}

const flip = (bytes: Uint8Array) => bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1);
const gone = () => undefined;

/** All steps before the last are proven; the last one is refused with this code. */
function expectRefusal(report: AuditReport, title: string | RegExp, code: string): void {
  expect(report.verdict).toBe("refused");
  expect(report.steps.at(-1)).toMatchObject({ title: expect.stringMatching(title), result: "refused", code });
  expect(report.steps.slice(0, -1).every(({ result }) => result === "proven")).toBe(true);
}

describe("an audit of a sound tree", () => {
  it("proves every step from the pinned root to the sources", async () => {
    const seen: string[] = [];
    const report = await audit({ onStep: ({ title }) => seen.push(title) });
    expect(report.steps.filter(({ result }) => result !== "proven")).toEqual([]);
    expect(report).toMatchObject({ verdict: "proven", release: 2, feed });
    expect(seen).toEqual(report.steps.map(({ title }) => title));
    const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
    expect(evidence).toContain(second.database?.sha256);
    expect(evidence).toContain("hosts (ioc): 1 files, by ann, approved by ben");
    expect(evidence).toContain("1-2.delta.rmp: from release 1 it gives the same database, byte for byte");
  });

  it("goes back to an older release along the chain", async () => {
    const report = await audit({ release: releaseNumber(1) });
    expect(report.steps.filter(({ result }) => result !== "proven")).toEqual([]);
    expect(report).toMatchObject({ verdict: "proven", release: 1 });
    const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
    expect(evidence).toContain("release 1 is the one that release 2 names");
    expect(evidence).toContain(first.database?.sha256);
  });
});

describe("an audit of a damaged tree", () => {
  const packOf = (kind: "full" | "delta") => second.packs.find((pack) => pack.kind === kind) as ReleasePack;
  const full = () => packOf("full");
  const delta = () => packOf("delta");

  type Damage = readonly [string, () => string, Bend, title: string, code: string];
  const damages: readonly Damage[] = [
    ["a flipped byte of a pack", () => packPath(delta()), flip, "Every pack", "PACK_DIGEST_MISMATCH"],
    ["a pack that is gone", () => packPath(full()), gone, "Every pack", "FETCH_NOT_FOUND"],
    ["a pack's missing signature", () => packSignaturePath(delta()), gone, "Every pack", "FETCH_NOT_FOUND"],
    [
      "the manifest's missing signature",
      () => manifestSignaturePath(feed, second.release),
      gone,
      "Who signed",
      "EVIDENCE_MISSING",
    ],
    [
      "a changed manifest",
      () => metadataPath(feed, second.release),
      flip,
      "The newest manifest",
      "METADATA_MISMATCH",
    ],
    [
      "a manifest that is gone",
      () => metadataPath(feed, second.release),
      gone,
      "The newest manifest",
      "FETCH_NOT_FOUND",
    ],
    ["no head", () => timestampPath, gone, "What is newest", "FETCH_NOT_FOUND"],
  ];
  it.each(damages)("ends at %s", async (_damage, path, bend, title, code) => {
    expectRefusal(await damaged(path(), bend, () => audit()), new RegExp(`^${title}`), code);
  });

  it("ends at a pack with the signature of another", async () => {
    const another = await readFile(join(service.desk.folder, "public", packSignaturePath(full())));
    const swap = () => Uint8Array.from(another);
    const report = await damaged(packSignaturePath(delta()), swap, () => audit());
    expectRefusal(report, /^Every pack/, "CMS_DIGEST_MISMATCH");
  });

  it("ends at an older manifest that is not the one that its successor names", async () => {
    const report = await damaged(metadataPath(feed, first.release), flip, () =>
      audit({ release: first.release }),
    );
    expectRefusal(report, /^Back to release 1/, "MANIFEST_CHAIN_BROKEN");
  });
});

describe("an audit with other eyes", () => {
  it("ends at a timestamp that had expired at the time that is asked about", async () => {
    const at = new Date(service.desk.now.getTime() + 2 * 86_400_000);
    expectRefusal(await audit({ at }), /^What is newest/, "METADATA_EXPIRED");
  });

  it("ends at a tree that another root's keys did not sign", async () => {
    expectRefusal(await audit({ root: other.desk.root }), /^What is newest/, "METADATA_THRESHOLD");
  });

  it("ends at a root that is none", async () => {
    expectRefusal(await audit({ root: new Uint8Array(10) }), /^The pinned root/, "JSON_MALFORMED");
  });

  it("ends at a signer whom the auditor's own policy does not name", async () => {
    const policy = { ...(await publishedPolicy(service.desk.context)), organization: "Other AG" };
    expectRefusal(await audit({ policy }), /^Who signed/, "SWISS_POLICY");
  });
});

describe("an audit of other sources", () => {
  it("ends where there is no place to fetch them from", async () => {
    const workshop = { codec: testCodec, digest: sha256Digest, workers: directWorkers, archive: undefined };
    expectRefusal(await audit({ workshop }), /^The reviewed sources/, "EVIDENCE_MISSING");
  });

  it("ends at a file that is not the one that was reviewed", async () => {
    const real = archive();
    const lying: SourceArchive = {
      sources: (...which) => real.sources(...which),
      file: async (sha256, bytes) => flip(await real.file(sha256, bytes)),
    };
    expectRefusal(await audit({}, lying), /^The reviewed sources/, "ASSAY_MISMATCH");
  });

  it("ends at people who are not those of the manifest", async () => {
    const real = archive();
    const lying: SourceArchive = {
      file: (...which) => real.file(...which),
      sources: async (...which) => {
        const text = new TextDecoder().decode(await real.sources(...which));
        return new TextEncoder().encode(text.replaceAll('"approvedBy":"ben"', '"approvedBy":"carl"'));
      },
    };
    expectRefusal(await audit({}, lying), /^The reviewed sources/, "ASSAY_MISMATCH");
  });

  it("ends at sources that give another database", async () => {
    const workers = {
      ...directWorkers,
      parse: async (kind: Parameters<typeof directWorkers.parse>[0], files: never) =>
        (await directWorkers.parse(kind, files)).map((file) => ({
          ...file,
          records: file.records.slice(0, 1),
          lines: file.lines.slice(0, 1),
        })),
    } as typeof directWorkers;
    const workshop = { codec: testCodec, digest: sha256Digest, workers, archive: archive() };
    expectRefusal(await audit({ workshop }), /^The reviewed sources/, "DATABASE_DIGEST_MISMATCH");
  });
});
