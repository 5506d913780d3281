/** The command line as a whole: nouns, verbs and their help. Each noun is a file below `nouns/`, each command one below `commands/`. */
import { Command } from "commander";
import type { AddCommand } from "./command.js";
import { backup, restore } from "./commands/backup.js";
import { completion } from "./commands/completion.js";
import { init } from "./commands/init.js";
import { login, logout } from "./commands/login.js";
import { monitor } from "./commands/monitor.js";
import { plan } from "./commands/plan.js";
import { serve } from "./commands/serve.js";
import type { CLIDoors } from "./doors.js";

type LoadNoun = () => Promise<{ readonly commands: readonly AddCommand[] }>;

const nouns: readonly (readonly [string, string, LoadNoun])[] = [
  ["submission", "propose rules, and review what others propose", () => import("./nouns/submission.js")],
  ["release", "from approved rules to published packs", () => import("./nouns/release.js")],
  [
    "rollout",
    "rings: how far a release is, halts, what endpoints report",
    () => import("./nouns/rollout.js"),
  ],
  ["rule", "where the rules of a release come from", () => import("./nouns/rule.js")],
  ["assay", "the overseer: rebuild, compare, co-sign", () => import("./nouns/assay.js")],
  ["client", "the endpoint", () => import("./nouns/client.js")],
  ["audit", "the auditor: redo every step", () => import("./nouns/audit.js")],
  ["access", "the access log: who did what behind the doors", () => import("./nouns/access.js")],
  ["review", "an auditor's visit, and its signed protocol", () => import("./nouns/review.js")],
  [
    "witness",
    "cosign the checkpoints of logs, each only as the continuation of the last",
    () => import("./nouns/witness.js"),
  ],
  ["mirror", "copies of a publisher's public tree", () => import("./nouns/mirror.js")],
  ["pki", "judge certificates and signatures, by themselves", () => import("./nouns/pki.js")],
  ["root", "the offline ceremony of who may speak, for keyholders", () => import("./nouns/root.js")],
  ["targets", "the offline ceremony of who speaks for a feed", () => import("./nouns/targets.js")],
  ["token", "tokens for programs of one's own", () => import("./nouns/token.js")],
  ["config", "the service's configuration", () => import("./nouns/config.js")],
  ["context", "services that one is logged in to", () => import("./nouns/context.js")],
  ["records", "the service's records", () => import("./nouns/records.js")],
  ["objects", "the service's objects and public tree", () => import("./nouns/objects.js")],
  ["key", "keys and the certificates for them", () => import("./nouns/key.js")],
];

/**
 * Errors are thrown, not printed: `run.ts` gives them their voice and their exit code. Of the nouns those are loaded that stand in `words`;
 * without `words`, all.
 */
export async function createProgram(doors: CLIDoors, words?: readonly string[]): Promise<Command> {
  const program = new Command("rulemint")
    .description("Signed threat-definition updates that nobody has to take on trust.")
    .version(doors.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => doors.terminal.stdout.write(text),
      writeErr: () => undefined,
    });
  init(program, doors);
  login(program, doors);
  logout(program, doors);
  serve(program, doors);
  plan(program, doors);
  monitor(program, doors);
  backup(program, doors);
  restore(program, doors);
  completion(program, doors, () => createProgram(doors));
  for (const [name, description, load] of nouns) {
    const noun = program.command(name).description(description).helpCommand(false);
    if (words !== undefined && !words.includes(name)) continue;
    for (const add of (await load()).commands) add(noun, doors);
  }
  return program;
}
