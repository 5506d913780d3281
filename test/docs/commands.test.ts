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

it("the README lists every command, by who uses it", () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const [, section = ""] = readme.split("## Commands\n");
  const [table = ""] = section.split("\n## ");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && line.includes("`"));
  const listed = rows.flatMap((row) =>
    [...row.matchAll(/`([^`]+)`/g)].flatMap(([, words = ""]) => {
      const [noun = "", ...verbs] = words.split(" ");
      return verbs.length === 0 ? [noun] : verbs.map((verb) => `${noun} ${verb}`);
    }),
  );
  const terminal = { stdout: {}, stderr: {}, environment: {} };
  const program = createProgram({ version: "0", terminal } as never);
  expect(listed.toSorted()).toEqual(names(program).toSorted());
});
