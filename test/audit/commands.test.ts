/** The auditor's questions about more than one release, put to a real service and to mirrors of it that lie. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { auditAll } from "../../src/audit/audit-all.js";
import { compareMirrors } from "../../src/audit/audit-mirrors.js";
import { auditPolicies } from "../../src/audit/audit-policies.js";
import { auditKey, auditSignatures } from "../../src/audit/audit-signatures.js";
import type { TreeQuestion } from "../../src/audit/audit-release.js";
import type { AuditReport } from "../../src/audit/report.js";
import { parsePEM } from "../../src/core/encoding/pem.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import {
  manifestSignaturePath,
  metadataPath,
  packPath,
  timestampPath,
} from "../../src/core/release/tree-paths.js";
import type { SignaturePolicy } from "../../src/core/trust/model.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { developmentKeys } from "../core/pki/publisher.js";
import { idOf } from "../drills/scene.js";
import { feed } from "../services/desk.js";
import { SimulatedServer } from "../simulator/server.js";
import { openService, type TestService } from "../support/service.js";

const fetcher = openHTTPFetcher();
let service: TestService;
let releases: ReleaseRecord[];
let policy: SignaturePolicy;
/** When only release 1 was stamped. */
let between: Date;
let old: Map<string, Uint8Array>;

/** The public tree as a mirror has it. */
function copyOf({ desk }: TestService): Map<string, Uint8Array> {
  const root = join(desk.folder, "public");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  const plain = files.filter((path) => statSync(join(root, path)).isFile());
  return new Map(plain.map((path) => [path, new Uint8Array(readFileSync(join(root, path)))]));
}

beforeAll(async () => {
  service = await openService();
  const { desk } = service;
  policy = await publishedPolicy(desk.context);
  await desk.addRules("hosts", "ioc", { "h.txt": "one.example\n" });
  const first = await desk.release();
  old = copyOf(service);
  desk.passDays(0.25);
  between = desk.now;
  desk.passDays(0.25);
  await desk.addRules("hosts", "ioc", { "h.txt": "one.example\ntwo.example\n" });
  const second = await desk.release();
  await desk.addRules("hosts", "ioc", { "h.txt": "three.example\n" });
  releases = [first, second, await desk.release()];
});
afterAll(async () => {
  await service.close();
  await fetcher.close();
});

const question = (url = service.origin): TreeQuestion => ({
  ...{ url, root: service.desk.root, feed, at: service.desk.now, fetcher },
});

/** Asks about a mirror that serves this. */
async function at<T>(tree: ReadonlyMap<string, Uint8Array>, work: (url: string) => Promise<T>): Promise<T> {
  const mirror = await SimulatedServer.start(tree);
  try {
    return await work(mirror.url);
  } finally {
    await mirror.close();
  }
}

const flip = (bytes: Uint8Array | undefined) =>
  (bytes as Uint8Array).map((byte, i, { length }) => (i === length >> 1 ? byte ^ 1 : byte));
const table = (report: AuditReport, title: RegExp) => report.tables.find((one) => title.test(one.title));
const cells = (report: AuditReport, title: RegExp) =>
  table(report, title)?.rows.map((row) => row.cells) ?? [];
const marks = (report: AuditReport, title: RegExp) => table(report, title)?.rows.map(({ mark }) => mark);

describe("audit all", () => {
  it("walks every release back to the first", async () => {
    const report = await auditAll(question());
    expect(report.steps.filter(({ result }) => result !== "proven")).toEqual([]);
    expect(report).toMatchObject({ verdict: "proven", kind: "all" });
    expect(cells(report, /^Releases/).map(([release]) => release)).toEqual(["3", "2", "1"]);
    expect(report.charts[0]?.bars.map(({ value }) => value)).toEqual([1, 2, 1]);
    expect(report.chain?.lanes).toHaveLength(3);
  });

  it("a release whose evidence is bad does not hide those before it", async () => {
    const tree = copyOf(service);
    const path = manifestSignaturePath(feed, releases[1]?.release as never);
    tree.set(path, flip(tree.get(path)));
    const report = await at(tree, (url) => auditAll(question(url)));
    expect(report.verdict).toBe("refused");
    expect(marks(report, /^Releases/)).toEqual(["proven", "refused", "proven"]);
    expect(report.conclusion).toContain('"Release 2"');
  });

  it.each([
    [
      "a pack that was changed",
      (tree: Map<string, Uint8Array>, path: string) => tree.set(path, flip(tree.get(path))),
      "PACK_DIGEST_MISMATCH",
    ],
    [
      "a pack that is gone",
      (tree: Map<string, Uint8Array>, path: string) => tree.delete(path),
      "FETCH_NOT_FOUND",
    ],
  ])("%s is named", async (_name, lie, code) => {
    const tree = copyOf(service);
    lie(tree, packPath((releases[0] as ReleaseRecord).packs[0] as never));
    const report = await at(tree, (url) => auditAll(question(url)));
    expect(report.steps.filter(({ result }) => result === "refused")).toEqual([
      expect.objectContaining({ title: "Every pack that any of them lists", code }),
    ]);
  });

  it("a chain that is broken ends the walk", async () => {
    const tree = copyOf(service);
    tree.set(metadataPath(feed, 1), flip(tree.get(metadataPath(feed, 1))));
    const report = await at(tree, (url) => auditAll(question(url)));
    expect(report.steps.at(-1)).toMatchObject({ result: "refused", code: "MANIFEST_CHAIN_BROKEN" });
  });
});

describe("audit signatures", () => {
  it("lists who signed what between two dates, both ends counted", async () => {
    const from = new Date(between.getTime() - 86_400_000);
    const report = await auditSignatures({ ...question(), from, to: between });
    const listed = cells(report, /between/);
    expect(new Set(listed.map(([, what]) => what))).toEqual(new Set(["release 1"]));
    expect(listed.map(([, , as]) => as).sort()).toEqual([
      "certificate",
      "overseer",
      "publisher",
      "time-stamp authority",
    ]);
    const rest = await auditSignatures({ ...question(), from: between, to: service.desk.now });
    expect(new Set(cells(rest, /between/).map(([, what]) => what))).toEqual(
      new Set(["release 2", "release 3"]),
    );
  });

  it("says that roots and targets have no time of their own", async () => {
    const report = await auditSignatures({ ...question(), from: between, to: service.desk.now });
    expect(
      cells(report, /without a time/)
        .map(([, what, , who]) => `${what} ${who}`)
        .sort(),
    ).toEqual(["root 1 vendor-1", "root 1 vendor-2", "targets 1 vendor-1", "targets 1 vendor-2"]);
    expect(report.notes.join()).toContain("Roots and targets carry no time");
  });
});

describe("audit key", () => {
  it("finds every release that a key signed, and doubts what was stamped since the theft", async () => {
    const key = idOf(service.desk.context.publisher);
    const report = await auditKey({ ...question(), key, since: between });
    const touched = cells(report, /signed/).map(([, what, as]) => `${what} ${as}`);
    expect(touched).toContain("release 1 publisher");
    expect(touched).toContain("release 3 certificate");
    const doubted = table(report, /signed/)?.rows.filter(({ mark }) => mark === "refused");
    expect(new Set(doubted?.map(({ cells: [, what] }) => what))).toEqual(new Set(["release 2", "release 3"]));
    expect(report.conclusion).toContain("3 releases");
  });

  it("of an authority touches everything below it", async () => {
    const [ca] = parsePEM(developmentKeys.issuingCertificate, "CERTIFICATE");
    const key = parseCertificate(ca as Uint8Array).key.spki;
    const report = await auditKey({ ...question(), key });
    expect(cells(report, /signed/).map(([, what, as]) => `${what} ${as}`)).toEqual([
      "release 3 certificate",
      "release 2 certificate",
      "release 1 certificate",
    ]);
    expect(marks(report, /signed/)).toEqual(["refused", "refused", "refused"]);
  });

  it("of a stranger touched nothing", async () => {
    const report = await auditKey({ ...question(), key: "0".repeat(64) });
    expect(report.conclusion).toContain("signed nothing");
  });
});

describe("audit policy", () => {
  it("says by policy who would have accepted a release, and why not", async () => {
    const policies = [
      { name: "ours.json", policy },
      { name: "other.json", policy: { ...policy, organization: "Other AG" } },
      { name: "strict.json", policy: { ...policy, rebuilders: { threshold: 1, keys: [] } } },
    ];
    const report = await auditPolicies({ ...question(), policies, release: 2 as never });
    expect(report).toMatchObject({ verdict: "refused", release: 2 });
    expect(cells(report, /^Policies/).map(([name, answer]) => [name, answer])).toEqual([
      ["ours.json", "accepted"],
      ["other.json", "SWISS_POLICY"],
      ["strict.json", "REBUILD_QUORUM"],
    ]);
    const all = await auditPolicies({ ...question(), policies: policies.slice(0, 1) });
    expect(all).toMatchObject({ verdict: "proven", release: 3 });
  });
});

describe("audit compare-mirrors", () => {
  const compare = (tree: Map<string, Uint8Array>) =>
    at(tree, (other) => compareMirrors({ ...question(), other }));

  it("finds nothing between two that serve the same", async () => {
    const report = await compare(copyOf(service));
    expect(report).toMatchObject({
      verdict: "proven",
      conclusion: expect.stringContaining("serve the same"),
    });
    expect(cells(report, /^Differences/)).toEqual([]);
  });

  it("as of a time in the past, goes by the release that was the newest then", async () => {
    const report = await at(copyOf(service), (other) =>
      compareMirrors({ ...question(), other, at: between }),
    );
    expect(report.verdict).toBe("proven");
    expect(report.figures).toContainEqual({ label: "Newest release at the other", value: "1" });
  });

  it("one that is behind is no lie", async () => {
    const report = await compare(old);
    expect(report.verdict).toBe("proven");
    expect(cells(report, /^Differences/)).toContainEqual([
      "newest snapshot",
      "4",
      "2",
      "the other is behind",
    ]);
  });

  const lies: [string, (tree: Map<string, Uint8Array>) => unknown, string][] = [
    [
      "changed a pack",
      (tree) => {
        const path = packPath((releases[2] as ReleaseRecord).packs[0] as never);
        tree.set(path, flip(tree.get(path)));
      },
      "one mirror has changed it",
    ],
    [
      "withholds evidence",
      (tree) => tree.delete(manifestSignaturePath(feed, 1 as never)),
      "a mirror is incomplete",
    ],
    [
      "shows another old manifest",
      (tree) => tree.set(metadataPath(feed, 1), flip(tree.get(metadataPath(feed, 1)))),
      "two files of one version",
    ],
  ];
  it.each(lies)("one that %s is named", async (_name, lie, meaning) => {
    const tree = copyOf(service);
    lie(tree);
    const report = await compare(tree);
    expect(report.verdict).toBe("refused");
    expect(table(report, /^Differences/)?.rows).toEqual([
      expect.objectContaining({
        mark: "refused",
        cells: expect.arrayContaining([expect.stringContaining(meaning)]),
      }),
    ]);
  });

  it("one whose head nobody signed is refused by itself", async () => {
    const tree = copyOf(service);
    tree.set(timestampPath, flip(tree.get(timestampPath)));
    const report = await compare(tree);
    expect(report.steps.find(({ title }) => title === "The other mirror")).toMatchObject({
      result: "refused",
    });
  });
});
