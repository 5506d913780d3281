import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeliveredVerdict, SignedManifest } from "../../src/assay/verdicts.js";
import { sha256Hex } from "../../src/core/brands.js";
import { readObject } from "../../src/services/source-batches.js";
import { requireRelease } from "../../src/services/documents.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { directWorkers, feed, mia, workersOf } from "../services/desk.js";
import { testSigner } from "../simulator/test-signer.js";
import { openService, type TestService } from "../support/service.js";
import { type Loose, type Overseer, openOverseer, restage, withSources } from "./overseer.js";

const yara = 'rule Sample { strings: $a = "sample bytes" condition: $a }\n';
const hosts = "evil.example.com\nworse.example.com\n";
let service: TestService;
let overseer: Overseer;
/** Bends what the publisher's own compiler makes of a record. */
let bend: (record: string) => string | undefined;

beforeEach(async () => {
  bend = (record) => record;
  service = await openService({
    wrap: () => ({
      workers: workersOf(async (kind, files) =>
        (await directWorkers.parse(kind, files)).map((file) => {
          const kept = file.records.flatMap((record, i) => {
            const bent = bend(record);
            return bent === undefined ? [] : [[bent, file.lines[i] as number] as const];
          });
          return { ...file, records: kept.map(([one]) => one), lines: kept.map(([, line]) => line) };
        }),
      ),
    }),
  });
  overseer = await openOverseer(service);
  await service.desk.addRules("samples", "yara", { "a.yar": yara });
  await service.desk.addRules("hosts", "ioc", { "h.txt": hosts });
});
afterEach(async () => {
  await overseer.close();
  await service.close();
});

const stateOf = async ({ release }: ReleaseRecord) =>
  (await requireRelease(service.desk.context.records, feed, release)).body;

/** The verdict is FAILED, says so with this explanation, and the release has ended. */
async function refused(release: ReleaseRecord, explanation: string | RegExp): Promise<void> {
  const verdict = await overseer.assay();
  expect(verdict).toMatchObject({ result: "FAILED", release: release.release, checks: [] });
  expect(verdict.explanation).toMatch(explanation);
  const { state, verdicts } = await stateOf(release);
  expect(state).toBe("failed");
  expect(verdicts.at(-1)).toMatchObject({ result: "FAILED", explanation: verdict.explanation });
}

describe("an assay", () => {
  it("SPEC §10.3.1 co-signs what it has rebuilt byte for byte, release after release", async () => {
    const first = await service.desk.build();
    const verdict = await overseer.assay();
    expect(verdict).toMatchObject({ result: "PASSED", release: 1, databaseSha256: first.database?.sha256 });
    expect(verdict.checks.join("\n")).toContain("samples: by ann, approved by ben");
    expect((await service.desk.publish(first)).state).toBe("published");

    await service.desk.addRules("hosts", "ioc", { "h.txt": `${hosts}worst.example.com\n` });
    const second = await service.desk.build();
    expect(await overseer.assay()).toMatchObject({ result: "PASSED", release: 2 });
    expect((await service.desk.publish(second)).state).toBe("published");
    expect(second.packs.map(({ kind }) => kind)).toContain("delta");
  });

  it("SPEC §10.3.2 keeps what it signed and every verdict that it delivered", async () => {
    const release = await service.desk.build();
    const { manifestSha256 } = await overseer.assay();
    const { state } = await stateOf(release);
    expect(state).toBe("assayed");
    const [signed] = await overseer.records.list<SignedManifest>("signed");
    const [said] = await overseer.records.list<DeliveredVerdict>("verdicts");
    expect(signed?.body).toMatchObject({ release: 1, messageSha256: manifestSha256 });
    expect(said?.body).toMatchObject({ release: 1, messageSha256: manifestSha256, result: "PASSED" });
  });

  it("finds nothing to do when nothing waits", async () => {
    await expect(overseer.assay()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("SPEC §10.1.1 has no say without a key in the delegation", async () => {
    const release = await service.desk.build();
    const stranger = await openOverseer(service, { signer: await testSigner("ecdsa-p256-sha256") });
    await expect(stranger.assay()).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    await stranger.close();
    expect((await stateOf(release)).state).toBe("signed");
  });

  it("SPEC §10.1.1 has no say while the public tree proves nothing", async () => {
    const release = await service.desk.build();
    service.desk.passDays(2);
    await expect(overseer.assay()).rejects.toMatchObject({ code: "METADATA_EXPIRED" });
    expect((await stateOf(release)).state).toBe("signed");
  });

  it("SPEC §10.2.5 says that the compiler is another one", async () => {
    const release = await service.desk.build();
    await overseer.close();
    const compiler = { ...service.desk.context.settings.compiler, sha256: "d".repeat(64) as never };
    overseer = await openOverseer(service, { compiler });
    await refused(release, /^ASSAY_MISMATCH: expected compiler rulemint 0\.1\.0 d{64}/);
  });
});

describe("a publisher whose database is not what its sources give", () => {
  it.each([
    [
      "leaves a rule out",
      (record: string) => (record.includes("worse") ? undefined : record),
      /ioc rule "worse\.example\.com" is in the sources and missing from the release/,
    ],
    [
      "changes a rule",
      (record: string) => record.replace("sample bytes", "harmless bytes"),
      /yara rule "Sample" differs from its source \(record 1\), at character \d+: "sample bytes.*" by the source, "harmless/,
    ],
    [
      "puts another rule in its place",
      (record: string) => record.replace("worse", "wurst"),
      /ioc record 1 should be "worse\.example\.com" and is "wurst\.example\.com"/,
    ],
  ])("SPEC §10.2.8 %s, and the rule is named", async (_lie, lie, explanation) => {
    bend = lie;
    await refused(await service.desk.build(), explanation);
  });

  it("SPEC §10.2.8 adds a rule, and it is named", async () => {
    // The sources lose a line after the publisher has compiled them.
    const release = await service.desk.build();
    await overseer.close();
    overseer = await openOverseer(service, {
      workers: workersOf(async (kind, files) =>
        (await directWorkers.parse(kind, files)).map((file) =>
          kind === "ioc" ? { ...file, records: file.records.slice(0, 1), lines: [1] } : file,
        ),
      ),
    });
    await refused(release, /ioc rule "worse\.example\.com" is in the release and in no source/);
  });
});

describe("a publisher whose manifest says something else", () => {
  const full = "endpoint/1.full.rmp";
  const inDays = (days: number) =>
    `${new Date(service.desk.now.getTime() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
  const rows: [string, (signed: Loose) => unknown, RegExp][] = [
    [
      "SPEC §10.2.9 another pack",
      (s) => (s.targets[full].hashes.sha256 = "0".repeat(64)),
      /^ASSAY_MISMATCH: expected endpoint\/1\.full\.rmp with sha256 [0-9a-f]{64}, as rebuilt here/,
    ],
    [
      "SPEC §10.2.9 another codec",
      (s) => (s.targets[full].custom.codec = "other/1"),
      /^ASSAY_MISMATCH: expected endpoint\/1\.full\.rmp with codec/,
    ],
    [
      "SPEC §10.2.10 a member that nobody knows",
      (s) => (s["x-rulemint"].more = "of this"),
      /what was built and nothing else, got one that differs at signed\.x-rulemint\.more: "nothing" as rebuilt/,
    ],
    [
      "SPEC §10.2.10 another count of rules",
      (s) => (s["x-rulemint"].database.rules.yara = 7),
      /differs at signed\.x-rulemint\.database\.rules\.yara: "1" as rebuilt, "7" as staged$/,
    ],
    ["SPEC §10.2.1 no database", (s) => delete s["x-rulemint"].database, /^MANIFEST_MALFORMED/],
    [
      "SPEC §10.2.1 another feed",
      (s) => {
        s["x-rulemint"].feed = "other";
        s.targets = Object.fromEntries(
          Object.entries(s.targets).map(([path, target]) => [path.replace("endpoint", "other"), target]),
        );
      },
      /^ASSAY_MISMATCH: expected release 1 of endpoint/,
    ],
    [
      "SPEC §10.2.2 a time of making that is to come",
      (s) => (s["x-rulemint"].createdAt = inDays(1)),
      /^ASSAY_MISMATCH: expected a release made before now/,
    ],
    [
      "SPEC §10.2.2 a life of years",
      (s) => (s.expires = inDays(1000)),
      /^ASSAY_MISMATCH: expected an expiry within 400 days/,
    ],
    [
      "SPEC §10.2.2 an end that is over",
      (s) => (s.expires = inDays(-1)),
      /^ASSAY_MISMATCH: expected an expiry within 400 days/,
    ],
    [
      "SPEC §10.2.6 another source tree",
      (s) => (s["x-rulemint"].sourceTreeSha256 = "0".repeat(64)),
      /^ASSAY_MISMATCH: expected source tree 0{64}/,
    ],
  ];

  it.each(rows)("%s", async (_rule, edit, explanation) => {
    const release = await service.desk.build();
    await restage(service, release, edit);
    await refused(release, explanation);
  });

  it("SPEC §10.2.9 another pack under its own true digest, and the first byte that differs is shown", async () => {
    const release = await service.desk.build();
    const { objects } = service.desk.context;
    const bytes = (await readObject(objects, release.packs[0]!.sha256)).slice();
    bytes[40]! ^= 1;
    const sha256 = sha256Hex((await objects.put([bytes])).sha256);
    const packs = [{ ...release.packs[0]!, sha256 }];
    await restage(service, release, (s) => (s.targets[full].hashes.sha256 = sha256), { record: { packs } });
    await refused(
      release,
      /full\.rmp with sha256 [0-9a-f]{64}.*, byte 40: [0-9a-f]{16} as rebuilt, [0-9a-f]{16} as staged$/,
    );
  });

  it("SPEC §10.2.3 nobody has signed, or nobody who may", async () => {
    const release = await service.desk.build();
    await restage(service, release, () => undefined, { signers: [await testSigner()] });
    await refused(release, /^METADATA_THRESHOLD: expected the publisher's signature/);
  });

  it("SPEC §10.2.3 the overseer's own signature is not the publisher's", async () => {
    const release = await service.desk.build();
    await restage(service, release, () => undefined, { signers: [service.desk.overseer as never] });
    await refused(release, /^METADATA_THRESHOLD: expected the publisher's signature/);
  });

  it("SPEC §10.2.4 does not continue the manifest that was signed here", async () => {
    const first = await service.desk.build();
    await overseer.assay();
    await service.desk.publish(first);
    await service.desk.addRules("hosts", "ioc", { "h.txt": "other.example.com\n" });
    const second = await service.desk.build();
    await restage(service, second, (s) => (s["x-rulemint"].previousManifestSha256 = "0".repeat(64)));
    await refused(second, /^ASSAY_MISMATCH: expected a manifest that continues release 1/);
  });

  it("SPEC §10.2.7 restores what was not there", async () => {
    const first = await service.desk.build();
    await overseer.assay();
    await service.desk.publish(first);
    await service.desk.addRules("hosts", "ioc", { "h.txt": "other.example.com\n" });
    const second = await service.desk.build();
    await restage(service, second, (s) => (s["x-rulemint"].restores = 1));
    await refused(second, /^ASSAY_MISMATCH: expected the source tree of release 1/);
  });

  it("SPEC §10.2.7 restores what was there", async () => {
    await overseer.assay((await service.desk.build()).release);
    const first = await service.desk.publish(await service.desk.advance());
    await service.desk.addRules("hosts", "ioc", { "h.txt": "other.example.com\n" });
    const second = await service.desk.build();
    await overseer.assay();
    await service.desk.publish(second);
    await withdrawRelease(service.desk.context, mia, {
      ...{ feed, release: second.release, to: first.release, reason: "false alarms" },
    });
    await service.settled();
    expect(await overseer.assay()).toMatchObject({ result: "PASSED", release: 3 });
  });

  it("SPEC §10.2.12 a second manifest under a number that was signed here is refused", async () => {
    const release = await service.desk.build();
    expect(await overseer.assay()).toMatchObject({ result: "PASSED" });
    await restage(service, release, (s) => (s["x-rulemint"].minimumClient = "0.0.9"));
    await refused(release, /^RELEASE_STATE: expected release 1 as it was signed before/);
  });

  it("the same manifest again gets the same answer", async () => {
    const release = await service.desk.build();
    const once = await overseer.assay();
    await restage(service, release, () => undefined);
    expect(await overseer.assay()).toMatchObject({ result: "PASSED", manifestSha256: once.manifestSha256 });
  });
});

describe("a publisher whose people are not who they seem", () => {
  it("SPEC §10.2.6 the list of approvals was altered", async () => {
    const release = await service.desk.build();
    const other = <T extends { revisions: readonly object[] }>(sources: T) => ({
      ...sources,
      revisions: sources.revisions.map((one) => ({ ...one, approvedBy: "carl" })),
    });
    await withSources(service, release, other as never, "honest");
    await refused(release, /^ASSAY_MISMATCH: expected approvals [0-9a-f]{64}, got another list/);
  });

  it("SPEC §10.2.6 an author approved the own revision", async () => {
    const release = await service.desk.build();
    const alone = <T extends { revisions: readonly { author: string }[] }>(sources: T) => ({
      ...sources,
      revisions: sources.revisions.map((one) => ({ ...one, approvedBy: one.author })),
    });
    await withSources(service, release, alone as never, "to match");
    await refused(release, /^ASSAY_MISMATCH: expected two people behind "hosts", got "ann"/);
  });

  it("SPEC §10.2.6 what was approved is not what was compiled", async () => {
    const release = await service.desk.build();
    const swapped = <T extends { revisions: readonly object[] }>(sources: T) => ({
      ...sources,
      revisions: sources.revisions.map((one) => ({ ...one, digest: "e".repeat(64) })),
    });
    await withSources(service, release, swapped as never, "to match");
    await refused(release, /^ASSAY_MISMATCH: expected the revision of "hosts" that was approved/);
  });
});
