/** `--dry-run` asks the service to change nothing, waits for nothing, and says so. */
import { describe, expect, it } from "vitest";
import { release, submission } from "./examples.js";
import { run } from "./fake-doors.js";

interface Asked {
  readonly what: string;
  readonly dryRun: unknown;
}

function service(asked: Asked[]) {
  const dryRunOf = (how: unknown) => (how as { dryRun?: unknown } | undefined)?.dryRun;
  return {
    createSubmission: async (query: object) => {
      asked.push({ what: "submission", dryRun: dryRunOf(query) });
      return submission();
    },
    buildRelease: async (_feed: string, _body: object, how?: object) => {
      asked.push({ what: "build", dryRun: dryRunOf(how) });
      return release({ state: "queued" });
    },
    publishRelease: async (_feed: string, _release: number, how?: object) => {
      asked.push({ what: "publish", dryRun: dryRunOf(how) });
      return release({ state: "assayed" });
    },
    withdrawRelease: async (_feed: string, _release: number, _body: object, how?: object) => {
      asked.push({ what: "withdraw", dryRun: dryRunOf(how) });
      return release({ state: "queued" });
    },
    quarantineRule: async (_ruleset: string, _order: object, how?: object) => {
      asked.push({ what: "quarantine", dryRun: dryRunOf(how) });
      return submission();
    },
    liftQuarantine: async (_ruleset: string, _order: object, how?: object) => {
      asked.push({ what: "lift", dryRun: dryRunOf(how) });
      return submission();
    },
  };
}

describe("a dry run", () => {
  it.each([
    ["submission", "submission create --ruleset r --kind yara package.json"],
    ["build", "release build --feed endpoint"],
    ["publish", "release publish --feed endpoint --release 2"],
    ["withdraw", "release withdraw --feed endpoint --release 2 --reason bad"],
    ["quarantine", "rule quarantine R --ruleset r --reason bad"],
    ["lift", "rule quarantine R --ruleset r --reason good --lift"],
  ])("of %s: %s", async (what, line) => {
    const asked: Asked[] = [];
    const words = [...line.split(" "), "--dry-run"];
    const person = await run(words, { service: service(asked) });
    expect([person.exit, person.stdout]).toEqual([0, expect.stringMatching(/^dry run, nothing was changed/)]);
    const machine = await run([...words, "--json"], { service: service(asked) });
    expect(JSON.parse(machine.stdout)).toMatchObject({ dryRun: true });
    expect(asked).toEqual([
      { what, dryRun: true },
      { what, dryRun: true },
    ]);
  });
});
