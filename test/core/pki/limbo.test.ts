/** x509-limbo, all cases, through the harness that outside suites use. Read in place; said plainly when absent. */
import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { judgeLimboCase, runLimbo } from "../../../src/main/limbo-harness.js";
import { limboCases, limboFile } from "./field-suites.js";

/** What we refuse against the suite's word, and why. Nothing is accepted against its word. */
const refused: Record<string, string> = {
  "crl::issuer-no-keyusage-extension": "a CA states by its key usage that it may sign certificates",
  "cve::cve-2024-0567": "a certificate names its subject: SPEC §6.5.1",
  "pathlen::validation-ignores-pathlen-in-leaf": "a CA is no leaf",
  "rfc5280::ca-as-leaf": "a CA is no leaf; the suite's webpki::ca-as-leaf says so too",
  "rfc5280::eku::ee-without-eku":
    "a leaf states its purpose; the suite's webpki::eku::ee-without-eku says so too",
  "webpki::nc::permitted-dns-match-noncritical":
    "constraints are critical; the suite's rfc5280 twin says so too",
};

/** Groups that turn on the match of a host name, which is not asked of us. */
const hostNames = /^webpki::(cn|san)::/;

describe.runIf(limboFile !== undefined)("x509-limbo", () => {
  it("is judged as expected, but for named cases; none takes long", async () => {
    const cases = limboCases();
    const falseAccepts: string[] = [];
    const falseRejects: string[] = [];
    const skipped: string[] = [];
    let slowest = 0;
    for (const one of cases) {
      const start = performance.now();
      const { actual_result: actual } = await judgeLimboCase(one);
      slowest = Math.max(slowest, performance.now() - start);
      if (actual === "SKIPPED") skipped.push(one.id);
      else if (actual !== one.expected_result)
        (actual === "SUCCESS" ? falseAccepts : falseRejects).push(one.id);
    }
    const right = cases.length - falseAccepts.length - falseRejects.length - skipped.length;
    console.log(
      `x509-limbo: ${cases.length} cases, ${right} as expected, ${falseAccepts.length} false accepts, ` +
        `${falseRejects.length} false rejects by policy, ${skipped.length} skipped; slowest ${slowest.toFixed(0)} ms`,
    );
    expect(falseAccepts).toEqual([]);
    expect(skipped.filter((id) => !hostNames.test(id))).toEqual([]);
    expect(falseRejects.sort()).toEqual(Object.keys(refused).sort());
    expect(slowest).toBeLessThan(1000);
  });

  it("speaks the harness protocol", async () => {
    const [one] = limboCases().filter(({ id }) => id === "rfc5280::unknown-critical-extension-ee");
    const out = new PassThrough();
    await runLimbo(Readable.from([JSON.stringify({ version: 1, testcases: [one] })]), out);
    const answer = JSON.parse(out.read().toString());
    expect(answer).toMatchObject({ harness: "rulemint", version: expect.any(String) });
    expect(answer.results).toEqual([
      { id: one?.id, actual_result: "FAILURE", context: expect.stringMatching(/^CERTIFICATE_EXTENSION: /) },
    ]);
  });
});
