/**
 * What can be typed after each command, read off the program itself: a command or option that is added is completed, and one that goes is not.
 */
import type { Argument, Command, Option } from "commander";

/** What follows an option, or stands by itself: one of a few words, a name on this machine, or anything. */
export type ValueKind = readonly string[] | "file" | "folder" | "anything";

export interface OptionWords {
  readonly name: string;
  readonly description: string;
  /** Undefined: nothing follows. */
  readonly value: ValueKind | undefined;
}

export interface CommandWords {
  /** As it is typed: `rulemint submission create`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
  readonly operands: ValueKind;
}

/** The program and every command below it. */
export function commandWords(command: Command, above = ""): CommandWords[] {
  const path = above === "" ? command.name() : `${above} ${command.name()}`;
  const help = command.createHelp();
  const inner = help.visibleCommands(command);
  const own: CommandWords = {
    path,
    commands: inner.map((one) => ({ name: one.name(), description: one.description() })),
    options: help.visibleOptions(command).flatMap(optionWords),
    operands: operandsOf(command.registeredArguments),
  };
  return [own, ...inner.flatMap((one) => commandWords(one, path))];
}

function optionWords(option: Option): OptionWords[] {
  const { long, description, argChoices: choices } = option;
  if (!long) return [];
  const takesOne = option.required || option.optional;
  return [{ name: long, description, value: takesOne ? (choices ?? valueKind(option.flags)) : undefined }];
}

function operandsOf(list: readonly Argument[]): ValueKind {
  const kinds = list.map((one) => one.argChoices ?? valueKind(`<${one.name()}>`));
  return kinds.find((kind) => kind !== "anything") ?? "anything";
}

/** By the name that stands for it in the help. */
function valueKind(flags: string): ValueKind {
  const [, name = ""] = /[<[]([a-z-]+)/i.exec(flags) ?? [];
  if (/^(dir|folder)/i.test(name)) return "folder";
  return /file|path|json|pem|archive|bundle|root|policy/i.test(name) ? "file" : "anything";
}
