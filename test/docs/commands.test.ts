/** The README's table of commands: every command there is, and none that is not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.js";
import { projectRoot } from "../architecture/source-tree.js";

/** `noun verb` of every leaf; a command without verbs by itself. */
function names(command: Command, before = ""): string[] {
  return command.commands.flatMap((one) => {
    const name = `${before}${one.name()}`;
    return one.commands.length === 0 ? [name] : names(one, `${name} `);
  });
}

it("the README lists every command, by who uses it", async () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const [, section = ""] = readme.split("## Commands\n");
  const [table = ""] = section.split("\n## ");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && line.includes("`"));
  const terminal = { stdout: {}, stderr: {}, environment: {} };
  const program = await createProgram({ version: "0", terminal } as never);
  const groups = program.commands.flatMap((noun) =>
    noun.commands.filter((one) => one.commands.length > 0).map((one) => `${noun.name()} ${one.name()}`),
  );
  const listed = rows.flatMap((row) =>
    [...row.matchAll(/`([^`]+)`/g)].flatMap(([, words = ""]) => {
      const [noun = "", ...rest] = words.split(" ");
      const isDeep = groups.includes(`${noun} ${rest[0]}`);
      const [before, verbs] = isDeep ? [`${noun} ${rest[0]}`, rest.slice(1)] : [noun, rest];
      return verbs.length === 0 ? [before] : verbs.map((verb) => `${before} ${verb}`);
    }),
  );
  expect(listed.toSorted()).toEqual(names(program).toSorted());
});
