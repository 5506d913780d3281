/** Scripts of ours in place of an engine's program, on the path of this process until `restore`. */
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { temporaryFolder } from "./temporary.js";

export class FakeCommands {
  readonly #path = process.env.PATH ?? "";
  readonly #folders: Awaited<ReturnType<typeof temporaryFolder>>[] = [];

  async newFolder(): Promise<string> {
    const folder = await temporaryFolder();
    this.#folders.push(folder);
    return folder.path;
  }

  async put(command: string, script: string): Promise<void> {
    const folder = await this.newFolder();
    writeFileSync(join(folder, command), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, command), 0o755);
    process.env.PATH = folder + delimiter + this.#path;
  }

  /** No program at all is on the path. */
  async hideAll(): Promise<void> {
    process.env.PATH = await this.newFolder();
  }

  async restore(): Promise<void> {
    process.env.PATH = this.#path;
    for (const folder of this.#folders.splice(0)) await folder.remove();
  }
}
