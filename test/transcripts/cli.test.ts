/**
 * The command line against a real service, as transcripts in `cli/`.
 *
 *     as ROLE            whose token the next commands use
 *     file PATH          a file; its lines follow with `| `
 *     link PATH TARGET   a symbolic link
 *     overseer N         the overseer co-signs release N
 *     $ rulemint …       runs; $folder is where the files are
 *     ! exit N           what it must have ended with; 0 where nothing is said
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, expect } from "vitest";
import { createAPIClient } from "../../src/cli/api-client.js";
import type { ReleaseRecord, Role } from "../../src/services/model.js";
import { run, type Ran } from "../cli/fake-doors.js";
import { openService, type TestService } from "../support/service.js";
import { expectOutcome, Memory, type Step, transcripts } from "./transcript.js";

class Session {
  readonly #service: TestService;
  readonly #memory = new Memory();
  #role: Role = "analyst";
  #ran: Ran = { exit: 0, stdout: "", stderr: "" };
  #exit = 0;

  constructor(service: TestService) {
    this.#service = service;
    this.#memory.keep("folder", join(service.desk.folder, "files"));
  }

  async step(step: Step): Promise<void> {
    const { words, block, verb } = step;
    switch (verb) {
      case "as":
        this.#role = words[0] as Role;
        return;
      case "file":
        return this.#put(words[0] as string, (path) => writeFileSync(path, block));
      case "link":
        return this.#put(words[0] as string, (path) => symlinkSync(words[1] as string, path));
      case "overseer":
        await this.#service.desk.coSign({ release: Number(words[0]) } as ReleaseRecord);
        return;
      case "$":
        return this.#run(words.slice(1));
      case "!":
        this.#exit = Number(words[1]);
        return this.checkExit();
    }
    const { stdout, stderr } = this.#ran;
    const known = expectOutcome(step, { texts: { stdout, stderr }, document: stdout }, this.#memory);
    if (!known) throw new Error(`expected a verb on line ${step.line}, got ${verb}`);
  }

  checkExit(): void {
    expect(this.#ran.exit, this.#ran.stderr).toBe(this.#exit);
  }

  #put(path: string, make: (path: string) => void): void {
    const whole = join(this.#memory.fill("$folder"), path);
    mkdirSync(dirname(whole), { recursive: true });
    make(whole);
  }

  async #run(words: readonly string[]): Promise<void> {
    const environment = {
      RULEMINT_SERVER: this.#service.origin,
      RULEMINT_TOKEN: this.#service.tokens[this.#role],
    };
    const filled = words.map((word) => this.#memory.fill(word));
    this.#ran = await run(filled, {
      environment,
      api: createAPIClient,
      pause: () => this.#service.settled(),
    });
    this.#exit = 0;
  }
}

describe("command line", () => {
  it.each(transcripts("cli"))("$name", async ({ steps }) => {
    const service = await openService();
    const session = new Session(service);
    try {
      for (const [i, step] of steps.entries()) {
        await session.step(step);
        if (step.verb === "$" && steps[i + 1]?.verb !== "!") session.checkExit();
      }
    } finally {
      await service.close();
    }
  });
});
