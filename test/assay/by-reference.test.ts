/** An assay by the second compiler: what the first one does not see, because it has the same bug as the publisher's. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AssayContext } from "../../src/assay/model.js";
import { directWorkers, workersOf } from "../services/desk.js";
import { openService, type TestService } from "../support/service.js";
import { type Loose, type Overseer, openOverseer, restage } from "./overseer.js";

const yara = 'rule Sample { strings: $a = "sample bytes" condition: $a }\n';
const sigma =
  "title: Sample\nid: 7c5d2a1e-0000-4000-8000-0123456789ab\nlogsource:\n    product: p\ndetection:\n    s:\n        F: x\n    condition: s\n";
const suricata = 'alert tcp any any -> any any (msg:"Sample"; content:"x"; sid:5;)\n';
const clamav = `${"ab".repeat(16)}:44:Sample\n`;
const hosts = "evil.example.com\nworse.example.com\n";
let service: TestService;
let overseer: Overseer | undefined;
/** The bug that publisher and overseer have in common. */
let bug: (record: string) => string;

const workers: AssayContext["workers"] = workersOf(async (kind, files) =>
  (await directWorkers.parse(kind, files)).map((file) => ({
    ...file,
    records: file.records.map((one) => bug(one)),
  })),
);

beforeEach(async () => {
  bug = (record) => record;
  service = await openService({ wrap: () => ({ workers }) });
  await service.desk.addRules("a", "yara", { "a.yar": yara });
  await service.desk.addRules("b", "ioc", { "h.txt": hosts });
  await service.desk.addRules("c", "sigma", { "s.yml": sigma });
  await service.desk.addRules("d", "suricata", { "r.rules": suricata });
  await service.desk.addRules("e", "clamav", { "s.hdb": clamav });
});
afterEach(async () => {
  await overseer?.close();
  overseer = undefined;
  await service.close();
});

const judge = async (...compilers: AssayContext["compilers"]) => {
  overseer ??= await openOverseer(service, { workers, compilers });
  return overseer.assay();
};

describe("an assay by the second compiler", () => {
  it("SPEC §10.4.1 co-signs release after release, deltas applied", async () => {
    const first = await service.desk.build();
    const verdict = await judge("reference");
    expect(verdict).toMatchObject({ result: "PASSED", release: 1 });
    expect(verdict.checks.join("\n")).toContain("endpoint/1.full.rmp, by the reference compiler: equal");
    await service.desk.publish(first);
    await service.desk.addRules("b", "ioc", { "h.txt": `${hosts}worst.example.com\n` });
    const second = await service.desk.build();
    const again = await judge("reference");
    expect(again).toMatchObject({ result: "PASSED", release: 2 });
    expect(again.checks.join("\n")).toContain(
      "endpoint/1-2.delta.rmp, by the reference compiler: yields the database",
    );
    expect((await service.desk.publish(second)).state).toBe("published");
  });

  it("SPEC §10.4.1 finds the bug that publisher and overseer share, and names the rule", async () => {
    bug = (record) => record.replace("worse", "wurst");
    await service.desk.build();
    const verdict = await judge("rulemint", "reference");
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.explanation).toMatch(
      /ioc record 1 should be "worse\.example\.com" and is "wurst\.example\.com"/,
    );
  });

  it("passes the same release when it is asked for the first compiler alone: that is what it is for", async () => {
    bug = (record) => record.replace("worse", "wurst");
    await service.desk.build();
    expect(await judge("rulemint")).toMatchObject({ result: "PASSED" });
  });

  it("SPEC §10.4.2 says nothing about the digest of a compiler that it does not run, and keeps to its version", async () => {
    const release = await service.desk.build();
    await restage(service, release, (s: Loose) => (s["x-rulemint"].compiler.sha256 = "d".repeat(64)));
    expect(await judge("reference")).toMatchObject({ result: "PASSED" });
    await restage(service, release, (s: Loose) => (s["x-rulemint"].compiler.version = "9.9.9"), {
      record: { state: "signed" },
    });
    expect((await judge("reference")).result).toBe("FAILED");
  });

  it.each<[string, (signed: Loose) => unknown, RegExp]>([
    [
      "another full pack",
      (s) => (s.targets["endpoint/1.full.rmp"].hashes.sha256 = "0".repeat(64)),
      /^ASSAY_MISMATCH: expected endpoint\/1\.full\.rmp of/,
    ],
    [
      "another count of rules",
      (s) => (s["x-rulemint"].database.rules.ioc = 9),
      /^ASSAY_MISMATCH: expected a manifest that says what was built/,
    ],
    [
      "other sources",
      (s) => (s["x-rulemint"].sourceTreeSha256 = "0".repeat(64)),
      /^ASSAY_MISMATCH: expected source tree 0{64}/,
    ],
  ])("SPEC §10.4.1 refuses %s", async (_lie, edit, explanation) => {
    await restage(service, await service.desk.build(), edit);
    const verdict = await judge("reference");
    expect(verdict.result).toBe("FAILED");
    expect(verdict.explanation).toMatch(explanation);
  });
});
