/** One run of the command line, from arguments to exit code: 0 done, 1 refused or failed, 2 wrong usage. */
import { type Command, CommanderError } from "commander";
import { errorTable, RulemintError, UsageError } from "../core/errors.js";
import { AnsweredNo } from "./command.js";
import type { CLIDoors } from "./doors.js";
import { failureOf, Printer } from "./print.js";
import { createProgram } from "./program.js";

/** `words` without the interpreter and the script. Never throws. */
export async function runCLI(words: readonly string[], doors: CLIDoors): Promise<number> {
  const program = await createProgram(doors, words);
  try {
    await program.parseAsync([...words], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof AnsweredNo) return 1;
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const printer = new Printer(doors.terminal, words.includes("--json"));
    const shown = error instanceof CommanderError ? usageError(error, commandOf(program, words)) : error;
    printer.failure(failureOf(shown));
    return shown instanceof RulemintError && isWrongUsage(shown) ? 2 : 1;
  }
}

function usageError(error: CommanderError, command: string): UsageError {
  const nothing = error.code === "commander.help" || error.code === "commander.helpDisplayed";
  const message = nothing ? "expected a command, got none" : error.message.replace(/^error: /, "");
  const hint = `see ${command} --help`;
  return new UsageError("USAGE", message.split("\n")[0] ?? message, { details: { hint } });
}

/** The command that the words reach, as a person would type it. */
function commandOf(program: Command, words: readonly string[]): string {
  const names = [program.name()];
  let command: Command | undefined = program;
  for (const word of words) {
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return names.join(" ");
}

/** Said by this command line, not by a service that refused. */
function isWrongUsage(error: RulemintError): boolean {
  return errorTable[error.code].class === "usage" && error.code === "USAGE";
}
