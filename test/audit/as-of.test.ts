/** `--at`: a public tree judged as of a time that is over, before there was anything, and after certificates ended or were revoked. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { auditAll } from "../../src/audit/audit-all.js";
import { auditPolicies } from "../../src/audit/audit-policies.js";
import { auditRelease } from "../../src/audit/audit-release.js";
import type { AuditReport } from "../../src/audit/report.js";
import { releaseNumber } from "../../src/core/brands.js";
import { hexText } from "../../src/core/encoding/bytes.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { mirrorRevocation } from "../../src/services/mirror-revocation.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { feed } from "../services/desk.js";
import { openService, type TestService } from "../support/service.js";
import { workshop } from "./bundle/scene.js";

const fetcher = openHTTPFetcher();
let service: TestService;
let [beforeAny, atFirst, between, atSecond]: Date[] = [];

beforeAll(async () => {
  service = await openService();
  const { desk } = service;
  const publish = async (host: string) => {
    await desk.addRules("hosts", "ioc", { "h.txt": `${host}.example\n` });
    await desk.release();
    desk.passDays(0.1);
    return desk.now;
  };
  beforeAny = new Date(desk.now.getTime() - 86_400_000);
  atFirst = await publish("one");
  desk.passDays(2);
  between = desk.now;
  desk.passDays(2);
  atSecond = await publish("two");
});
afterAll(async () => {
  await service.close();
  await fetcher.close();
});

const question = (at: Date) => ({
  ...{ url: service.origin, root: service.desk.root, feed, at, fetcher },
});
const audit = (at: Date | undefined, release?: number) =>
  auditRelease({
    ...{ ...question(at as Date), rebuild: false, workshop: { ...workshop, archive: undefined } },
    ...(release !== undefined && { release: releaseNumber(release) }),
  });
const refusal = ({ steps }: AuditReport) => steps.find(({ result }) => result === "refused");

describe("an audit as of a time that is over", () => {
  it("is about the release that was the newest then", async () => {
    expect(await audit(atSecond)).toMatchObject({ verdict: "proven", release: 2 });
    for (const at of [atFirst, between]) {
      const report = await audit(at);
      expect(report).toMatchObject({ verdict: "proven", release: 1 });
      expect(report.steps.map(({ title }) => title).join()).toContain("Back to the newest release at");
    }
  });

  it("counts only what was there when it walks all, or asks for policies", async () => {
    const all = await auditAll(question(between as Date));
    expect([all.verdict, all.tables[0]?.rows.map(({ cells: [release] }) => release)]).toEqual([
      "proven",
      ["1"],
    ]);
    const policies = [{ name: "own", policy: await publishedPolicy(service.desk.context) }];
    const asked = await auditPolicies({ ...question(between as Date), policies });
    expect(asked).toMatchObject({ verdict: "proven", release: 1 });
  });

  it("refuses a release that was not there yet, and says since when it is", async () => {
    const report = await audit(between, 2);
    expect(refusal(report)).toMatchObject({
      code: "TIMESTAMP_INVALID",
      evidence: [expect.stringMatching(/^expected a stamp from before 2\S+Z, got 2\S+Z$/)],
    });
  });

  it("refuses a time before there was any release", async () => {
    expect(refusal(await audit(beforeAny))).toMatchObject({
      code: "METADATA_MISSING",
      evidence: [
        expect.stringMatching(
          /^expected a release that was there at \S+, got release 1 of \S+ as the first$/,
        ),
      ],
    });
    expect(refusal(await audit(beforeAny, 1))).toMatchObject({ code: "TIMESTAMP_INVALID" });
  });

  it("refuses a time at which everything has ended, and proves the same tree as of its own time", async () => {
    const in20Years = new Date((atSecond as Date).getTime() + 20 * 365 * 86_400_000);
    const leaf = parseCertificate(service.desk.context.publisherChain[0] as Uint8Array);
    expect(leaf.notAfter < in20Years).toBe(true);
    expect(refusal(await audit(in20Years))).toMatchObject({ code: "METADATA_EXPIRED" });
    expect(await audit(atSecond)).toMatchObject({ verdict: "proven" });
  });
});

describe("a certificate that was revoked since", () => {
  it("leaves what was stamped before as it was, and takes what was stamped after, at whatever time it is asked", async () => {
    const { desk } = service;
    const leaf = parseCertificate(desk.context.publisherChain[0] as Uint8Array);
    const revoke = async (revokedAt: Date) => {
      desk.revoked.splice(0, 1, { issuer: "issuing-ca", serial: hexText(leaf.serial), revokedAt });
      desk.passDays(0.1);
      await mirrorRevocation(desk.context, "at-once");
    };
    await revoke(desk.now);
    for (const [at, release] of [
      [between, 1],
      [atSecond, 2],
      [desk.now, 2],
    ] as const) {
      expect(await audit(at)).toMatchObject({ verdict: "proven", release });
    }
    await revoke(between as Date);
    for (const at of [atSecond, desk.now]) {
      expect(refusal(await audit(at))).toMatchObject({ code: "CERTIFICATE_REVOKED" });
      expect(await audit(at, 1)).toMatchObject({ verdict: "proven", release: 1 });
    }
  });
});
