/** `rulemint login`, `logout` and `context`: who one is at which service, kept for the commands that follow. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { LoginOptions } from "../context-doors.js";
import type { CLIDoors } from "../doors.js";

export function login(program: Command, doors: CLIDoors): void {
  const command = program
    .command("login")
    .description(
      "log in by browser where the service has an identity provider, or keep a token; the commands that follow use it",
    )
    .requiredOption("--server <url>", "address of the service")
    .option("--context <name>", "name to keep it under (default: the server's host)")
    .option("--token-file <file>", "a token of the service, instead of a login by browser")
    .option("--no-browser", "only print the address to open");
  answers<LoginOptions>(command, doors, ({ progress }, options) => doors.login(options, progress));
}

export function logout(program: Command, doors: CLIDoors): void {
  const command = program
    .command("logout")
    .description("forget a context and its tokens")
    .option("--context <name>", "which (default: the one in use)");
  answers<{ readonly context?: string }>(command, doors, (_call, { context }) => doors.logout(context));
}

export function contextList(noun: Command, doors: CLIDoors): void {
  answers(noun.command("list").description("list contexts; the one in use has a star"), doors, () =>
    doors.listContexts(),
  );
}

export function contextUse(noun: Command, doors: CLIDoors): void {
  const command = noun.command("use <name>").description("use a context from now on (or RULEMINT_CONTEXT)");
  answers(command, doors, (_call, _options, [name = ""]) => doors.useContext(name));
}
