/** Completion is made of the program itself, and a real bash completes with it; zsh and fish read theirs where they are installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CLIDoors } from "../../src/cli/doors.js";
import { commandWords } from "../../src/cli/completion/words.js";
import { createProgram } from "../../src/cli/program.js";
import { temporaryFolder } from "../support/temporary.js";
import { run } from "./fake-doors.js";

const all = commandWords(await createProgram({ version: "0", terminal: {} } as CLIDoors));
const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  for (const shell of ["bash", "zsh", "fish"]) {
    writeFileSync(join(folder.path, `rulemint.${shell}`), (await run(["completion", shell])).stdout);
  }
  mkdirSync(join(folder.path, "some where", "rules"), { recursive: true });
  writeFileSync(join(folder.path, "some where", "a rule.yar"), "");
});
afterAll(() => folder.remove());

/** What bash offers at the end of each of these lines. */
function offered(lines: readonly string[], cwd = folder.path): string[][] {
  const ask = lines.map((line) => {
    const typed = line.split("|");
    const list = typed.map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${list}); COMP_CWORD=${typed.length - 1}; _rulemint; printf '%s\\n' "\${COMPREPLY[@]}"; echo --`;
  });
  const script = `source ${join(folder.path, "rulemint.bash")}; complete -p rulemint >&2; ${ask.join("\n")}`;
  const said = execFileSync("bash", ["--norc", "-euc", script], { cwd, encoding: "utf8", stdio: "pipe" });
  return said
    .split("--\n")
    .slice(0, -1)
    .map((part) => part.split("\n").filter((word) => word !== ""));
}

describe("completion in a real bash", () => {
  it("offers every command and every option of every command, and nothing else", () => {
    expect(all.length).toBeGreaterThan(90);
    const nouns = all.filter(({ operands }) => operands === "anything");
    const found = offered(nouns.map(({ path }) => [...path.split(" "), ""].join("|")));
    for (const [i, { path, commands, options }] of nouns.entries()) {
      const names = [...commands, ...options].map(({ name }) => name);
      expect([path, ...found[i]!]).toEqual([path, ...names]);
    }
    const dashes = offered(all.map(({ path }) => [...path.split(" "), "--"].join("|")));
    for (const [i, { options }] of all.entries()) expect(dashes[i]).toEqual(options.map(({ name }) => name));
  });

  it.each([
    ["rulemint|su", ["submission"]],
    ["rulemint|submission|cr", ["create"]],
    ["rulemint|submission|create|--ki", ["--kind"]],
    ["rulemint|submission|create|--kind|s", ["sigma", "suricata"]],
    ["rulemint|submission|create|--kind|yara|--message|x|--dr", ["--draft", "--dry-run"]],
    ["rulemint|completion|", ["bash", "zsh", "fish"]],
    ["rulemint|serve|--data|some", ["some where"]],
    ["rulemint|submission|create|some where/", ["some where/a rule.yar", "some where/rules"]],
    ["rulemint|serve|--data|some where/", ["some where/rules"]],
    ["rulemint|submission|create|--ruleset|", []],
    [
      "rulemint|nonsense|",
      all[0]!.commands.map(({ name }) => name).concat(all[0]!.options.map(({ name }) => name)),
    ],
  ])("%s", (line, expected) => {
    expect(offered([line])[0]!.sort()).toEqual([...expected].sort());
  });
});

describe("completion for other shells", () => {
  it.runIf(has("zsh"))("zsh reads it, and has a function", () => {
    const script = `autoload -Uz compinit && compinit -u -D; source rulemint.zsh; whence -w _rulemint; print $_comps[rulemint]`;
    const said = execFileSync("zsh", ["-fc", script], { cwd: folder.path, encoding: "utf8" });
    expect(said).toBe("_rulemint: function\n_rulemint\n");
  });

  it.runIf(has("fish"))("fish completes with it", () => {
    const ask = (line: string) => `complete -C ${JSON.stringify(line)}`;
    const script = `source rulemint.fish; ${ask("rulemint su")}; ${ask("rulemint submission create --kind s")}; ${ask("rulemint serve --li")}`;
    const environment = { ...process.env, HOME: folder.path };
    const said = execFileSync("fish", ["-c", script], {
      cwd: folder.path,
      encoding: "utf8",
      env: environment,
    });
    const names = said
      .trim()
      .split("\n")
      .map((line) => line.split("\t")[0]);
    expect(names).toEqual(["submission", "sigma", "suricata", "--listen"]);
  });

  it("is one JSON document with --json, and no shell is wrong usage", async () => {
    const { stdout } = await run(["completion", "fish", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      shell: "fish",
      script: expect.stringContaining("complete -c rulemint"),
    });
    expect((await run(["completion", "tcsh"])).exit).toBe(2);
  });
});
