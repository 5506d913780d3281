/**
 * The interface without any client of ours, as transcripts in `http/`.
 *
 *     > METHOD PATH [ROLE]   a request, as ROLE where one is named; a JSON body follows with `| `
 *     tar PATH [ROLE]        a submission to PATH with one file, a.yar, whose lines follow with `| `
 *     < STATUS               what came back
 *     header 'name: value'   among its headers
 */
import { describe, expect, it } from "vitest";
import type { Role } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { expectOutcome, Memory, type Step, transcripts } from "./transcript.js";

class Session {
  readonly #service: TestService;
  readonly #memory = new Memory();
  #status = 0;
  #header = "";
  #body = "";

  constructor(service: TestService) {
    this.#service = service;
  }

  async step(step: Step): Promise<void> {
    const { verb, words, block } = step;
    const filled = words.map((word) => this.#memory.fill(word));
    if (verb === ">") {
      const [method = "", path = "", role] = filled;
      const json = block === "" ? undefined : (JSON.parse(this.#memory.fill(block)) as unknown);
      return this.#answer(await this.#service.call(method, path, { as: role as Role, json }));
    }
    if (verb === "tar") {
      const [path = "", role] = filled;
      const headers = { "Content-Type": "application/x-tar" };
      const body = tarArchive({ "a.yar": block });
      return this.#answer(await this.#service.call("POST", path, { as: role as Role, headers, body }));
    }
    if (verb === "<") {
      expect(this.#status, this.#body).toBe(Number(words[0]));
      return;
    }
    const texts = { header: this.#header, body: this.#body };
    const known = expectOutcome(step, { texts, document: this.#body }, this.#memory);
    if (!known) throw new Error(`expected a verb on line ${step.line}, got ${verb}`);
  }

  async #answer(response: Response): Promise<void> {
    this.#status = response.status;
    this.#header = [...response.headers].map(([name, value]) => `${name}: ${value}\n`).join("");
    this.#body = await response.text();
    await this.#service.settled();
  }
}

describe("interface", () => {
  it.each(transcripts("http"))("$name", async ({ steps }) => {
    const service = await openService();
    const session = new Session(service);
    try {
      for (const step of steps) await session.step(step);
    } finally {
      await service.close();
    }
  });
});
