/**
 * A publisher as people run it: `rulemint init` made its folder, `rulemint serve` is a process of its own that tests may kill.
 * All of it comes from `dist`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { type APIClient, createAPIClient, type Release } from "../../src/cli/api-client.js";
import { feedName } from "../../src/core/brands.js";
import type { RuleKind } from "../../src/core/rules/model.js";
import type { Role } from "../../src/services/model.js";
import { tarArchive } from "../support/tar.js";

export const feed = feedName("endpoint");
export const cliPath = fileURLToPath(new URL("../../dist/main/cli.js", import.meta.url));
if (!existsSync(cliPath)) throw new Error("expected a built dist: run npm run build");

/** In which a release goes, but for one that fails. */
export const order: readonly Release["state"][] = [
  "queued",
  "built",
  "signed",
  "assayed",
  "sealed",
  "logged",
  "published",
];

export interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line, to its end. */
export async function rulemint(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(process.execPath, [cliPath, ...words], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    stderr += part;
  });
  const [exit] = (await once(child, "close")) as [number | null];
  return { exit, stdout, stderr };
}

/** Asks until the answer is there; what it said last when it never comes. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`expected ${what}, got ${JSON.stringify(answer)}`);
    await pause(25);
  }
}

export class PublisherProcess {
  readonly data: string;
  readonly overseer: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly said: string[] = [];
  #child: ChildProcess | undefined;
  #origin = "";

  constructor(folder: string, environment: NodeJS.ProcessEnv = {}) {
    this.data = join(folder, "publisher");
    this.overseer = join(folder, "overseer");
    this.environment = environment;
  }

  async init(...options: string[]): Promise<void> {
    const words = ["init", "--data", this.data, "--overseer", this.overseer, ...options];
    const { exit, stderr } = await rulemint(words, this.environment);
    if (exit !== 0) throw new Error(`init: exit ${exit}\n${stderr}`);
  }

  /** Changes rulemint.yaml; the next start reads it. */
  configure(change: Readonly<Record<string, unknown>>): void {
    const path = join(this.data, "rulemint.yaml");
    const before = parse(readFileSync(path, "utf8")) as object;
    writeFileSync(path, stringify({ ...before, ...change }));
  }

  get origin(): string {
    return this.#origin;
  }

  /** Resolves when it listens. @throws Error with what it said when it ends before that */
  async start(): Promise<void> {
    const words = ["serve", "--data", this.data, "--listen", "127.0.0.1:0"];
    const child = spawn(process.execPath, [cliPath, ...words], {
      env: { ...process.env, RULEMINT_LOG: "silent", ...this.environment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    this.said.length = 0;
    this.#origin = await new Promise<string>((listening, ended) => {
      createInterface({ input: child.stderr }).on("line", (line) => {
        this.said.push(line);
        const found = /listens on (http:\S+)/.exec(line);
        if (found?.[1] !== undefined) listening(found[1]);
      });
      child.once("close", (exit) => ended(new Error(`serve: exit ${exit}\n${this.said.join("\n")}`)));
    });
  }

  /** Its exit code; null when the signal killed it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const closed = once(child, "close") as Promise<[number | null]>;
    child.kill(signal);
    return (await closed)[0];
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  token(role: Role): string {
    const folder = role === "overseer" ? this.overseer : join(this.data, "tokens");
    return readFileSync(join(folder, `${role}.token`), "utf8").trim();
  }

  as(role: Role): APIClient {
    return createAPIClient(this.#origin, this.token(role), { reason: "a test" });
  }

  /** A command line with this service and somebody's token in its environment. */
  cli(role: Role, ...words: string[]): Promise<Ran> {
    const service = {
      RULEMINT_SERVER: this.#origin,
      RULEMINT_TOKEN: this.token(role),
      RULEMINT_WHY: "a test",
    };
    return rulemint(words, { ...this.environment, ...service });
  }

  async submit(ruleset: string, files: Readonly<Record<string, string>>, kind: RuleKind = "ioc") {
    const query = { ruleset, kind, leaveOutInvalid: false };
    return this.as("analyst").createSubmission(query, chunks(tarArchive(files)));
  }

  /** Submitted by one person and approved by another. */
  async addRules(ruleset: string, files: Readonly<Record<string, string>>, kind?: RuleKind): Promise<void> {
    const { id, digest } = await this.submit(ruleset, files, kind);
    await this.as("reviewer").approveSubmission(id, digest);
  }

  build(): Promise<Release> {
    return this.as("release-manager").buildRelease(feed, {});
  }

  assay(): Promise<Ran> {
    return this.cli("overseer", "assay", "run", "--feed", feed, "--data", this.overseer, "--json");
  }

  publish(release: number): Promise<Release> {
    return this.as("release-manager").publishRelease(feed, release);
  }

  /** From what is approved to the public tree, the overseer in between. */
  async release(release: number): Promise<void> {
    await this.build();
    await this.reaches(release, inState("signed"));
    const { exit, stdout } = await this.assay();
    if (exit !== 0) throw new Error(`the overseer said ${stdout}`);
    await this.publish(release);
    await this.reaches(release, inState("published"));
  }

  show(release: number): Promise<Release> {
    return this.as("auditor").getRelease(feed, release);
  }

  /** The release once it is as wanted; it goes there by itself. */
  reaches(release: number, wanted: (one: Release) => boolean, seconds?: number): Promise<Release> {
    return until(`release ${release} to go on`, () => this.show(release), wanted, seconds);
  }
}

export const inState =
  (...states: readonly Release["state"][]) =>
  (one: Release): boolean =>
    states.includes(one.state);

/** Indicators of revision `n`: all but a few are shared with the revision before. */
export function indicators(n: number, count = 2000): string {
  return Array.from({ length: count }, (_, i) => `host-${i + n * 20}.example.com\n`).join("");
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
