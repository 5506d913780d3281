/**
 * `rulemint root …` and `rulemint targets …`: offline ceremonies. A proposal is made beside the public tree, carried to each
 * keyholder, signed there, brought back and published. Both nouns have the same verbs.
 */
import type { Command } from "commander";
import { UsageError, quote } from "../../core/errors.js";
import { answers } from "../command.js";
import type { CLIDoors, ProposeOptions } from "../doors.js";
import { type KeyPlace, several, withServiceKey } from "../key-options.js";

type Role = "root" | "targets";

interface Propose {
  readonly data: string;
  readonly out: string;
  readonly payload?: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly threshold?: readonly string[];
  readonly expiresDays: number;
  readonly policy?: string;
  readonly under?: string;
}

export const rootPropose = (noun: Command, doors: CLIDoors) => propose(noun, doors, "root");
export const targetsPropose = (noun: Command, doors: CLIDoors) => propose(noun, doors, "targets");
export const rootShow = (noun: Command, doors: CLIDoors) => show(noun, doors, "root");
export const targetsShow = (noun: Command, doors: CLIDoors) => show(noun, doors, "targets");
export const rootSign = (noun: Command, doors: CLIDoors) => sign(noun, doors, "root");
export const targetsSign = (noun: Command, doors: CLIDoors) => sign(noun, doors, "targets");
export const rootPublish = (noun: Command, doors: CLIDoors) => publish(noun, doors, "root");
export const targetsPublish = (noun: Command, doors: CLIDoors) => publish(noun, doors, "targets");

function propose(noun: Command, doors: CLIDoors, role: Role): void {
  const key = role === "root" ? "ROLE:NAME=FILE" : "FEED/PARTY:NAME=FILE";
  const of = role === "root" ? "ROLE" : "FEED";
  const command = noun
    .command("propose")
    .description(`write the next ${role} file, unsigned, and say what it changes`)
    .requiredOption("--data <dir>", "the service's data folder")
    .requiredOption("--out <path>", "proposal to write")
    .option("--payload <path>", "also write the bytes to sign, for a tool that signs bytes")
    .option("--add <key>", `${key}: a public key or certificate, PEM; may be repeated`, several)
    .option("--remove <key>", `${of}:KEY, by name or key id; may be repeated`, several)
    .option("--threshold <number>", `${of}=N; may be repeated`, several)
    .option("--expires-days <days>", "life of the new file", days, role === "root" ? 365 : 180);
  if (role === "root") command.option("--policy <path>", "the new signature policy");
  else command.option("--under <path>", "root proposal that it will be published with");
  answers<Propose>(command, doors, ({ progress }, options) =>
    doors.propose(
      {
        ...{ role, data: options.data, out: options.out, expiryDays: options.expiresDays },
        ...{ payload: options.payload, policy: options.policy, under: options.under },
        add: (options.add ?? []).map((text) => parseAddition(text, role)),
        remove: (options.remove ?? []).map((text) => pair(text, ":", ["role", "key"])),
        thresholds: (options.threshold ?? []).map(parseThreshold),
      },
      progress,
    ),
  );
}

function show(noun: Command, doors: CLIDoors, role: Role): void {
  const command = noun
    .command("show")
    .description("what a proposal changes, and who has signed it")
    .requiredOption("--proposal <path>", "proposal");
  answers<{ proposal: string }>(command, doors, (_call, { proposal }) =>
    doors.showProposal({ role, proposal }),
  );
}

interface Sign extends KeyPlace {
  readonly proposal: string;
  readonly out?: string;
  readonly expect?: string;
  readonly signature?: string;
  readonly keyid?: string;
}

function sign(noun: Command, doors: CLIDoors, role: Role): void {
  const command = withServiceKey(noun.command("sign"))
    .description("add one signature to a proposal; it is verified first")
    .requiredOption("--proposal <path>", "proposal")
    .option("--out <path>", "where to write it (default: over the proposal)")
    .option("--expect <sha256>", "sign only if the payload has this digest")
    .option("--signature <path>", "file with a signature that another tool made, instead of a key")
    .option("--keyid <id>", "the key of that signature");
  answers<Sign>(command, doors, ({ progress }, options) => {
    const { proposal, out, expect, signature, keyid, ...key } = options;
    if ((signature === undefined) !== (keyid === undefined)) {
      throw new UsageError("USAGE", "expected --signature and --keyid together");
    }
    return doors.signProposal(
      { role, proposal, out: out ?? proposal, expect, signature, keyid, key },
      progress,
    );
  });
}

interface Publish {
  readonly data: string;
  readonly proposal: string;
  readonly with?: string;
}

function publish(noun: Command, doors: CLIDoors, role: Role): void {
  const command = noun
    .command("publish")
    .description("publish a proposal that every threshold has signed")
    .requiredOption("--data <dir>", "the service's data folder")
    .requiredOption("--proposal <path>", "proposal");
  if (role === "root") command.option("--with <path>", "targets proposal to publish in the same step");
  answers<Publish>(command, doors, ({ progress }, options) =>
    doors.publishProposal(
      { role, data: options.data, proposal: options.proposal, targets: options.with },
      progress,
    ),
  );
}

function parseAddition(text: string, kind: Role): ProposeOptions["add"][number] {
  const { role, rest } = pair(text, ":", ["role", "rest"]);
  const { name, file } = pair(rest, "=", ["name", "file"]);
  if (kind === "root") return { role, name, file };
  const { feed, party } = pair(role, "/", ["feed", "party"]);
  if (party !== "publisher" && party !== "overseer") {
    throw new UsageError("USAGE", `expected FEED/publisher or FEED/overseer, got ${quote(role)}`);
  }
  return { role: feed, party, name, file };
}

function parseThreshold(text: string): { role: string; threshold: number } {
  const { role, number } = pair(text, "=", ["role", "number"]);
  return { role, threshold: Number(number) };
}

function pair<A extends string, B extends string>(
  text: string,
  mark: string,
  names: [A, B],
): Record<A | B, string> {
  const at = text.indexOf(mark);
  if (at < 1 || at === text.length - 1) {
    throw new UsageError("USAGE", `expected ${names.join(mark).toUpperCase()}, got ${quote(text)}`);
  }
  return { [names[0]]: text.slice(0, at), [names[1]]: text.slice(at + 1) } as Record<A | B, string>;
}

function days(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new UsageError("USAGE", `expected days, got ${quote(text)}`);
  return Number(text);
}
