/** Exit codes, one JSON document, one voice for failures: what holds for every command. */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { OperationError, PolicyError, VerificationError } from "../../src/core/errors.js";
import { createProgram } from "../../src/cli/program.js";
import type { CLIDoors } from "../../src/cli/doors.js";
import { release, submission } from "./examples.js";
import { digest, run } from "./fake-doors.js";

const words = (line: string) => line.split(" ").filter((word) => word !== "");

interface Named {
  readonly command: Command;
  readonly name: string;
}

/** Every command that does something, by the words that lead to it. */
function leaves(parent: Command, before = ""): Named[] {
  return parent.commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    return command.commands.length === 0 ? [{ command, name }] : leaves(command, `${name} `);
  });
}

const commands = leaves(await createProgram({ version: "0", terminal: {} } as CLIDoors));

describe("every command", () => {
  it("is there", () => {
    expect(commands.map(({ name }) => name)).toEqual([
      "init",
      "login",
      "logout",
      "serve",
      "plan",
      "monitor",
      "backup",
      "restore",
      "completion",
      "submission create",
      "submission list",
      "submission show",
      "submission diff",
      "submission open",
      "submission withdraw",
      "submission comment",
      "submission comments",
      "submission approve",
      "submission reject",
      "release build",
      "release list",
      "release show",
      "release changes",
      "release sources",
      "release publish",
      "release withdraw",
      "rollout show",
      "rollout reports",
      "rollout halt",
      "rollout resume",
      "rollout skip",
      "rule explain",
      "rule history",
      "rule quarantine",
      "assay init",
      "assay run",
      "assay watch",
      "assay map",
      "assay status",
      "assay verdicts",
      "client init",
      "client configure",
      "client rebuilders",
      "client update",
      "client watch",
      "client status",
      "client report",
      "client export",
      "client fetch",
      "client lookup",
      "client rules list",
      "client rules disable",
      "client rules enable",
      "client rules allow",
      "client rules add",
      "client rules remove",
      "client rules check",
      "client rules reset",
      "client rollback",
      "client boot",
      "client export-bundle",
      "client import-bundle",
      "audit release",
      "audit export",
      "audit verify",
      "audit all",
      "audit signatures",
      "audit key",
      "audit policy",
      "audit compare-mirrors",
      "audit log",
      "access list",
      "access check",
      "access verify",
      "access erase",
      "review begin",
      "review rebuild",
      "review end",
      "review verify",
      "witness init",
      "witness serve",
      "witness show",
      "witness follow",
      "witness unfollow",
      "mirror sync",
      "pki verify",
      "pki verify-cms",
      "root propose",
      "root show",
      "root sign",
      "root publish",
      "targets propose",
      "targets show",
      "targets sign",
      "targets publish",
      "token create",
      "token list",
      "token revoke",
      "config check",
      "context list",
      "context use",
      "records load",
      "objects load",
      "key generate",
      "key csr",
      "key import",
      "key show",
      "key check",
    ]);
  });

  it.each(commands)("$name takes --json and describes itself", ({ command }) => {
    expect(command.options.map((option) => option.long)).toContain("--json");
    expect(command.description()).not.toBe("");
  });

  it.each(commands)("$name --help exits 0 and prints help on stdout", async ({ name }) => {
    const { exit, stdout, stderr } = await run([...words(name), "--help"]);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: rulemint ${name}`);
  });

  it.each(commands)("$name refuses an option that it does not know with exit 2", async ({ name }) => {
    const { exit, stdout, stderr } = await run([...words(name), "--no-such-option"]);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: USAGE: (unknown|required) option .*\nhint: /);
    expect(stderr).toContain(`rulemint ${name} --help`);
  });
});

describe("wrong usage", () => {
  it.each([
    ["", "expected a command, got none"],
    ["submission", "expected a command, got none"],
    ["nonsense", "unknown command 'nonsense'"],
    ["release nonsense", "unknown command 'nonsense'"],
    ["submission show", "missing required argument 'id'"],
    ["submission show one two", "too many arguments for 'show'. Expected 1 argument but got 2."],
    ["submission create --ruleset r --kind yara", "missing required argument 'paths'"],
    ["submission create --ruleset r rules", "required option '--kind <kind>' not specified"],
    ["submission create --ruleset r --kind word rules", "option '--kind <kind>' argument 'word' is invalid"],
    ["submission reject s-000000000001", "required option '--reason <text>' not specified"],
    ["release show --feed endpoint --release 0", 'expected a release number, got "0"'],
    ["release show --feed endpoint --release x", 'expected a release number, got "x"'],
    [
      "monitor --data m --url u --vkey k --every 0",
      "option '--every <seconds>' argument '0' is invalid. expected seconds, 1 to 86400",
    ],
    [
      "monitor --data m --url u --vkey k --stale 0",
      "option '--stale <seconds>' argument '0' is invalid. expected a whole number, at least 1",
    ],
    [
      "mirror sync --url u --root r --to t --every 0",
      "option '--every <seconds>' argument '0' is invalid. expected seconds",
    ],
    [
      "assay watch --data d --every 0",
      "option '--every <seconds>' argument '0' is invalid. expected seconds",
    ],
    ["client init --state s --url http://x", "required option '--root <path>' not specified"],
    ["audit release --url u --root r --feed f --at noon", "option '--at <time>' argument 'noon' is invalid"],
  ])("%j", async (line, message) => {
    const { exit, stdout, stderr } = await run(words(line));
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`error: USAGE: ${message}`);
  });

  it("is one JSON document with --json", async () => {
    const { exit, stdout } = await run(["submission", "show", "--json"]);
    expect(exit).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "USAGE" } });
  });

  it("is a service without address or token", async () => {
    const none = await run(["submission", "list"], { environment: {} });
    expect([none.exit, none.stderr]).toEqual([2, expect.stringContaining("--server or RULEMINT_SERVER")]);
    const half = await run(["submission", "list", "--server", "http://x"], { environment: {} });
    expect([half.exit, half.stderr]).toEqual([2, expect.stringContaining("--token or RULEMINT_TOKEN")]);
  });
});

describe("answers", () => {
  const service = { getSubmission: async () => submission() };

  it("are text for a person", async () => {
    const { exit, stdout, stderr } = await run(["submission", "show", "s-000000000001"], { service });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^submission {2}s-000000000001\nstate {7}open\n/);
    expect(stdout).toContain("2 rules in 1 file, 1.2 kB");
  });

  it("are one JSON document for a machine", async () => {
    const { stdout } = await run(["submission", "show", "s-000000000001", "--json"], { service });
    expect(JSON.parse(stdout)).toEqual(submission());
  });

  it("that say no exit 1, and are printed once", async () => {
    const runAssay = async () => ({ ok: false, json: { result: "FAILED" }, text: "FAILED: pack 3 differs" });
    const line = ["assay", "run", "--feed", "endpoint", "--data", "o"];
    const person = await run(line, { runAssay });
    expect([person.exit, person.stdout, person.stderr]).toEqual([1, "FAILED: pack 3 differs\n", ""]);
    const machine = await run([...line, "--json"], { runAssay });
    expect([machine.exit, JSON.parse(machine.stdout)]).toEqual([1, { result: "FAILED" }]);
  });

  it("show what would steer a terminal or turn its order, and do not do it", async () => {
    const message = "\u001b[2Jgone \u202edesrever\u0007";
    const hostile = { getSubmission: async () => submission({ message }) };
    const { stdout } = await run(["submission", "show", "s-000000000001"], { service: hostile });
    expect(stdout).toContain("message     \ufffd[2Jgone \ufffddesrever\ufffd\n");
    const fail = { clientStatus: () => Promise.reject(new OperationError("SERVER_REFUSED", message)) };
    const { stderr } = await run(["client", "status", "--state", "s"], fail);
    for (const hidden of ["\u001b", "\u202e", "\u0007"]) expect(stderr).not.toContain(hidden);
  });

  it("give the version", async () => {
    expect(await run(["--version"])).toEqual({ exit: 0, stdout: "9.8.7\n", stderr: "" });
  });
});

describe("failures", () => {
  const failing = (error: unknown) => ({ clientUpdate: () => Promise.reject(error) });
  const line = ["client", "update", "--state", "s"];

  it("name their code and what to do, on stderr, with exit 1", async () => {
    const error = new VerificationError("MANIFEST_ROLLBACK", "expected release above 41, got 40");
    const { exit, stdout, stderr } = await run(line, failing(error));
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: MANIFEST_ROLLBACK: expected release above 41, got 40\nhint: .+\n$/);
  });

  it("are one JSON document beside that", async () => {
    const error = new OperationError("STATE_LOCKED", "expected no other client", { details: { holder: 7 } });
    const { stdout, stderr } = await run([...line, "--json"], failing(error));
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "STATE_LOCKED", details: { holder: 7 } } });
    expect(stderr).toContain("error: STATE_LOCKED: ");
  });

  it("show findings as a compiler does, or in the document", async () => {
    const finding = {
      path: "a.yar",
      line: 3,
      column: 5,
      severity: "error",
      code: "YARA_STRING_UNDEFINED",
      message: "$x is not defined",
    };
    const error = new VerificationError("RULES_INVALID", "expected rules without errors, got 1 error", {
      details: { findings: [finding], submission: "s-000000000002" },
    });
    const person = await run(line, failing(error));
    expect(person.stderr).toMatch(
      /^a\.yar:3:5: error YARA_STRING_UNDEFINED \$x is not defined\nerror: RULES_INVALID/,
    );
    const machine = await run([...line, "--json"], failing(error));
    expect(JSON.parse(machine.stdout).error.details).toEqual({
      findings: [finding],
      submission: "s-000000000002",
    });
  });

  it("that nobody foresaw are INTERNAL, never a bare stack", async () => {
    const { exit, stderr } = await run(line, failing(new TypeError("x is undefined")));
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^error: INTERNAL: x is undefined\nhint: /);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe("how far something is", () => {
  const environment = { NO_COLOR: "1" };
  const works = {
    auditLog: async (_: unknown, progress: (line: string) => void) => {
      for (const line of ["entry 1 of 2", "entry 2 of 2"]) progress(line);
      return { ok: true, json: {}, text: "sound" };
    },
  };
  const line = ["audit", "log", "--url", "http://h.invalid", "--root", "r", "--feed", "f"];
  const over = "\r\u001b[2K";

  it("is one line on a terminal, which the answer takes away", async () => {
    const { stdout, stderr } = await run(line, { ...works, environment, isTTY: true, columns: 10 });
    expect(stderr).toBe(`entry 1 o${over}entry 2 o${over}`);
    expect(stdout).toBe("sound\n");
  });

  it("is a line each on a pipe", async () => {
    expect((await run(line, { ...works, environment })).stderr).toBe("entry 1 of 2\nentry 2 of 2\n");
  });

  it("stays above an error", async () => {
    const fails = {
      auditLog: async (_: unknown, progress: (line: string) => void) => {
        progress("entry 1");
        throw new PolicyError("CLIENT_TOO_OLD", "expected 2.0.0");
      },
    };
    const { stderr } = await run(line, { ...fails, environment, isTTY: true, columns: 80 });
    expect(stderr).toMatch(/^entry 1\nerror: CLIENT_TOO_OLD/);
  });
});

describe("colour", () => {
  const fail = { clientStatus: () => Promise.reject(new PolicyError("CLIENT_TOO_OLD", "expected 2.0.0")) };
  const line = ["client", "status", "--state", "s"];
  const red = "\u001b[";

  it("is there on a terminal", async () => {
    expect((await run(line, { ...fail, isTTY: true, environment: {} })).stderr).toContain(red);
  });

  it("is nowhere else, and not with NO_COLOR", async () => {
    expect((await run(line, fail)).stderr).not.toContain(red);
    const quiet = await run(line, { ...fail, isTTY: true, environment: { NO_COLOR: "1" } });
    expect(quiet.stderr).not.toContain(red);
  });
});

describe("waiting for a release", () => {
  const line = ["release", "build", "--feed", "endpoint"];
  const seen = (...states: ReturnType<typeof release>[]) => ({
    service: {
      buildRelease: async () => release({ state: "queued", packs: [], database: null, manifestSha256: null }),
      getRelease: async () => states.shift() ?? release(),
    },
  });

  it("tells each step once, on stderr", async () => {
    const fake = seen(
      release({ state: "queued" }),
      release({ state: "queued" }),
      release({ state: "built" }),
      release(),
    );
    const { exit, stdout, stderr } = await run(line, fake);
    expect(exit).toBe(0);
    expect(stderr).toBe("release 3: compiling and packing\nrelease 3: signing\n");
    expect(stdout).toContain("next: the overseer runs rulemint assay run --feed endpoint");
  });

  it("does not happen with --no-wait", async () => {
    const { exit, stdout } = await run([...line, "--no-wait", "--json"], seen());
    expect([exit, JSON.parse(stdout).state]).toEqual([0, "queued"]);
  });

  it("ends with the code of a release that failed", async () => {
    const failed = release({
      state: "failed",
      waitingFor: "RULE_CONFLICT: expected each sid once, got 7 twice",
    });
    const { exit, stderr } = await run(line, seen(failed));
    expect([exit, stderr]).toEqual([
      1,
      expect.stringContaining("error: RULE_CONFLICT: expected each sid once"),
    ]);
  });

  it("ends with the code of the world, at once when a person must act, else after a while", async () => {
    const pin = release({ state: "built", waitingFor: "SIGNER_PIN: wrong PIN", retry: null });
    expect((await run(line, seen(pin))).stderr).toContain("error: SIGNER_PIN: wrong PIN");
    const retry = { at: "2026-08-22T09:15:00.000Z", attempts: 1 };
    const waits = release({ state: "built", waitingFor: "TSA_UNAVAILABLE: none answered", retry });
    const { exit, stderr } = await run(line, seen(...Array.from({ length: 50 }, () => waits)));
    expect(exit).toBe(1);
    expect(stderr).toContain("release 3: TSA_UNAVAILABLE: none answered\n");
    expect(stderr).toContain("error: TSA_UNAVAILABLE: none answered\n");
  });

  it("goes on when the world is back", async () => {
    const retry = { at: "2026-08-22T09:15:00.000Z", attempts: 1 };
    const waits = release({ state: "built", waitingFor: "SIGNER_UNAVAILABLE: gone", retry });
    expect((await run(line, seen(waits, waits, release()))).exit).toBe(0);
  });
});

describe("review", () => {
  it("binds what the submission says, or the digest that is given", async () => {
    const asked: string[] = [];
    const service = {
      getSubmission: async () => submission(),
      approveSubmission: async (_id: string, digest: string) => {
        asked.push(digest);
        const decision = { by: "ruth", at: "2026-08-22T09:20:00.000Z", reason: "" };
        return submission({ state: "approved" as const, decision });
      },
    };
    const { stdout } = await run(["submission", "approve", "s-000000000001"], { service });
    expect(stdout).toBe("s-000000000001 is approved by ruth: it is now the head of loaders\n");
    await run(["submission", "approve", "s-000000000001", "--digest", digest("9")], { service });
    expect(asked).toEqual([digest("a"), digest("9")]);
  });
});

describe("lists", () => {
  it("read all pages and align columns", async () => {
    const { files: _, findings: _f, leftOut: _l, ...one } = submission();
    const pages = [
      { items: [one], next: "s-000000000001" },
      { items: [{ ...one, id: "s-000000000000", rules: 12_345 }], next: null },
    ];
    const service = { listSubmissions: async () => pages.shift() as (typeof pages)[0] };
    const { stdout } = await run(["submission", "list"], { service });
    const [head, first, second] = stdout.split("\n") as [string, string, string];
    expect(head).toMatch(/^ID +STATE +RULESET/);
    expect(first.indexOf("loaders")).toBe(head.indexOf("RULESET"));
    expect(second.indexOf("12,345")).toBe(head.indexOf("RULES", head.indexOf("KIND")));
  });
});
