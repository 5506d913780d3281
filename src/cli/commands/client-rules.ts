/** `rulemint client rules …`: what the owner of an endpoint wants of single rules, kept through every update. */
import { type Command, Option } from "commander";
import { type RuleKind, ruleKinds } from "../../core/rules/model.js";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Place {
  readonly state: string;
}

interface Choose extends Place {
  readonly kind?: RuleKind;
  readonly pattern?: boolean;
  readonly untilChanged?: boolean;
  readonly reason?: string;
}

interface Add extends Place {
  readonly replace?: boolean;
  readonly reason?: string;
}

export function clientRules(client: Command, doors: CLIDoors): void {
  const noun = client
    .command("rules")
    .description("disable, enable and allow single rules, and add your own; updates keep it all")
    .helpCommand(false);
  list(noun, doors);
  choose(
    noun,
    doors,
    "disable",
    "<rule...>",
    "leave rules out, by id, by pattern (* and ?) or by sha256:DIGEST",
  );
  choose(
    noun,
    doors,
    "enable",
    "<rule...>",
    "take a disable back, or switch on what a pattern or the publisher keeps off",
  );
  choose(
    noun,
    doors,
    "allow",
    "<indicator...>",
    "vouch for indicators and what lies below them, and for files (sha256:HASH)",
  );
  add(noun, doors);
  remove(noun, doors);
  check(noun, doors);
  reset(noun, doors);
}

function verb(noun: Command, name: string, description: string): Command {
  return noun
    .command(name)
    .description(description)
    .requiredOption("--state <dir>", "the endpoint's state folder");
}

const kindOption = () =>
  new Option("--kind <kind>", "of which kind, where it cannot be told").choices(ruleKinds);
const reasonOption = ["--reason <text>", "why, for whoever looks at the list"] as const;

function list(noun: Command, doors: CLIDoors): void {
  const command = verb(noun, "list", "show what is chosen, what it does, and what to look at");
  plain(command, doors, "list");
}

function choose(
  noun: Command,
  doors: CLIDoors,
  name: "disable" | "enable" | "allow",
  operands: string,
  description: string,
): void {
  const command = verb(noun, name, description)
    .argument(operands, "one or more")
    .option(...reasonOption);
  if (name !== "allow") {
    command
      .addOption(kindOption())
      .option("--pattern", "these are patterns, though they hold no * or ?")
      .option("--until-changed", "the rules as they are now; a later revision of one counts again");
  }
  answers<Choose>(command, doors, ({ progress }, options, what) =>
    doors.clientRules({ ...options, verb: name, what }, progress),
  );
}

function add(noun: Command, doors: CLIDoors): void {
  const command = verb(noun, "add", "add files of your own rules, or new versions of such files")
    .argument("<file...>", "rules in their engine's language: .yar, .rules, .yml, .txt, or ClamAV's")
    .option("--replace", "own rules may take the place of published ones of the same id")
    .option(...reasonOption);
  answers<Add>(command, doors, ({ progress }, options, files) =>
    doors.clientRules({ ...options, verb: "add", files }, progress),
  );
}

function remove(noun: Command, doors: CLIDoors): void {
  const command = verb(noun, "remove", "take choices back, by what they are about, and own files by name")
    .argument("<what...>", "as the list shows it")
    .addOption(kindOption());
  answers<Choose>(command, doors, ({ progress }, { state, kind }, what) =>
    doors.clientRules({ verb: "remove", state, what, ...(kind && { kind }) }, progress),
  );
}

function check(noun: Command, doors: CLIDoors): void {
  const command = verb(
    noun,
    "check",
    "try all of it on the release in use, with the engine; changes nothing",
  );
  plain(command, doors, "check");
}

function reset(noun: Command, doors: CLIDoors): void {
  const command = verb(noun, "reset", "forget all of it, and export what is published");
  plain(command, doors, "reset");
}

function plain(command: Command, doors: CLIDoors, order: "list" | "check" | "reset"): void {
  answers<Place>(command, doors, ({ progress }, { state }) =>
    doors.clientRules({ verb: order, state }, progress),
  );
}
