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
    ...decisions((what, how) => asked.push({ what, dryRun: dryRunOf(how) })),
  };
}

function decisions(ask: (what: string, how: unknown) => void) {
  const reviewed = (what: string) => async (_id: string, _digest: string, how?: object) => {
    ask(what, how);
    return submission();
  };
  const said = (what: string) => async (_id: string, _digest: string, _reason: string, how?: object) => {
    ask(what, how);
    return submission();
  };
  const ordered = (what: string) => async (_feed: string, _order: object, how?: object) => {
    ask(what, how);
    return rollout;
  };
  return {
    ...{ approveSubmission: reviewed("approve"), withdrawSubmission: reviewed("withdraw own") },
    ...{ rejectSubmission: said("reject"), approveInEmergency: said("emergency") },
    openDraft: async (_id: string, how?: object) => {
      ask("open", how);
      return submission();
    },
    addComment: async (_id: string, { text }: { text: string }, how?: object) => {
      ask("comment", how);
      return { submission: "s-1", by: "ben", at: "2026-08-22T09:14:00.000Z", path: null, line: null, text };
    },
    rehearseToken: async () => {
      ask("token", { dryRun: true });
      return token;
    },
    revokeToken: async (_id: string, how?: object) => {
      ask("revoke", how);
      return token;
    },
    ...{ haltRollout: ordered("halt"), resumeRollout: ordered("resume"), skipRings: ordered("skip") },
  };
}

const token = {
  ...{ id: "t-0123456789abcdef", label: "a robot", roles: ["analyst" as const] },
  ...{ createdAt: "2026-08-22T09:14:00.000Z", expiresAt: "2026-08-29T09:14:00.000Z", revokedAt: null },
};
const rollout = {
  ...{ feed: "endpoint", candidate: 2, stable: 1, stages: [{ permille: 1000, hours: 2 }], stage: 0 },
  ...{ stageSince: "2026-08-22T09:14:00.000Z", state: "running" as const, asked: null, events: [] },
};

describe("a dry run", () => {
  it.each([
    ["submission", "submission create --ruleset r --kind yara package.json"],
    ["build", "release build --feed endpoint"],
    ["publish", "release publish --feed endpoint --release 2"],
    ["withdraw", "release withdraw --feed endpoint --release 2 --reason bad"],
    ["quarantine", "rule quarantine R --ruleset r --reason bad"],
    ["lift", "rule quarantine R --ruleset r --reason good --lift"],
    ["approve", `submission approve s-1 --digest ${"a".repeat(64)}`],
    ["emergency", `submission approve s-1 --digest ${"a".repeat(64)} --emergency --reason fire`],
    ["reject", `submission reject s-1 --digest ${"a".repeat(64)} --reason no`],
    ["open", "submission open s-1"],
    ["withdraw own", "submission withdraw s-1"],
    ["comment", "submission comment s-1 why"],
    ["token", "token create --label robot --days 7"],
    ["revoke", "token revoke t-0123456789abcdef"],
    ["halt", "rollout halt --feed endpoint --release 2 --reason bad"],
    ["resume", "rollout resume --feed endpoint --release 2 --reason good"],
    ["skip", "rollout skip --feed endpoint --release 2 --reason good --permille 1000"],
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
