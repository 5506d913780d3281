/** `rulemint completion`: for the shell to know every command and option of this very program. */
import { Argument, type Command } from "commander";
import { answers, done } from "../command.js";
import { bashCompletion } from "../completion/bash.js";
import { fishCompletion } from "../completion/fish.js";
import { commandWords } from "../completion/words.js";
import { zshCompletion } from "../completion/zsh.js";
import type { CLIDoors } from "../doors.js";

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function completion(program: Command, doors: CLIDoors, whole: () => Promise<Command>): void {
  const command = program
    .command("completion")
    .description("print the completion of every command and option for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(shells)));
  answers(command, doors, async (_, __, [shell]) => {
    const script = shells[shell as keyof typeof shells](commandWords(await whole()));
    return done({ shell, script }, script.trimEnd());
  });
}
