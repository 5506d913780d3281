/** Bundles as files, through the doors that the command line uses: whole or not at all, and judged with the service gone. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditReport } from "../../src/audit/report.js";
import { packSignaturePath } from "../../src/core/release/tree-paths.js";
import { exportBundleTo, verifyBundleFile } from "../../src/main/compose-audit-bundle.js";
import type { ReleasePack, ReleaseRecord } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import { temporaryFolder } from "../support/temporary.js";

let service: TestService;
let release: ReleaseRecord;
let folder: string;
let remove: () => Promise<void>;
const silent = () => undefined;

beforeAll(async () => {
  ({ path: folder, remove } = await temporaryFolder());
  service = await openService();
  await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
  release = await service.desk.release();
  writeFileSync(join(folder, "root.json"), service.desk.root);
});
afterAll(() => remove());

const out = (name: string) => join(folder, name);
const exportAs = (name: string, report: string[] = []) =>
  exportBundleTo(
    {
      ...{ url: service.origin, feed: "endpoint", release: 1, out: out(name), report },
      token: service.tokens.auditor,
    },
    silent,
  );

describe("a bundle as a file", () => {
  it("SPEC §14.3.5 is not written when it would be refused", async () => {
    const [pack] = release.packs as [ReleasePack];
    const file = join(service.desk.folder, "public", packSignaturePath(pack));
    const sound = await readFile(file);
    await writeFile(file, await readFile(join(service.desk.folder, "public/evidence/endpoint/1.p7s")));
    try {
      const { ok, json } = await exportAs("bad.tar");
      expect(ok).toBe(false);
      expect((json as AuditReport).steps.at(-1)).toMatchObject({
        result: "refused",
        code: "CMS_DIGEST_MISMATCH",
      });
      expect(readdirSync(folder)).toEqual(["root.json"]);
    } finally {
      await writeFile(file, sound);
    }
  });

  it("is not written either when a report has no form, before any work is done", async () => {
    await expect(exportAs("bad.tar", [out("report.pdf")])).rejects.toThrowError(
      expect.objectContaining({ code: "USAGE" }),
    );
    expect(readdirSync(folder)).toEqual(["root.json"]);
  });

  it("is written with its reports, and proven when the service is gone", async () => {
    const exported = await exportAs("one.tar", [out("report.html"), out("report.json"), out("chain.svg")]);
    expect(exported).toMatchObject({ ok: true, json: { kind: "export", verdict: "proven" } });
    await exportAs("two.tar");
    expect(Buffer.compare(readFileSync(out("one.tar")), readFileSync(out("two.tar")))).toBe(0);
    expect(readFileSync(out("report.html"), "utf8")).toContain("release 1 of feed endpoint");
    expect(JSON.parse(readFileSync(out("report.json"), "utf8"))).toEqual(exported.json);
    expect(readFileSync(out("chain.svg"), "utf8")).toMatch(/^<svg /);
    await service.close();
    const question = { bundle: out("one.tar"), root: out("root.json"), rebuild: true, report: [] };
    const verified = await verifyBundleFile(question, silent);
    expect(verified.ok).toBe(true);
    expect(verified.text).toContain(
      "Every one of 16 steps was proven, from this file and the pinned root alone.",
    );
    await expect(verifyBundleFile({ ...question, bundle: out("none.tar") }, silent)).rejects.toThrowError(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});
