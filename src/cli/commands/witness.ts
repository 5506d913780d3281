/** `rulemint witness`: a witness of one's own, as a folder with its key, its state and the logs that it follows. */
import type { Command } from "commander";
import { answers, done } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { type KeyPlace, hasKeyPlace, requireKeyPlace, several, withKeyPlace } from "../key-options.js";

const folder = (command: Command): Command => command.requiredOption("--data <dir>", "the witness's folder");

export function witnessInit(noun: Command, doors: CLIDoors): void {
  const command = withKeyPlace(folder(noun.command("init")))
    .description("make a witness: its folder and, unless a key is named, its key")
    .requiredOption("--name <name>", "name of its key, for example witness.example/north")
    .option("--log <vkey>", "verifier key of a log to follow; may be given several times", several);
  type Options = Omit<KeyPlace, "scheme"> & { data: string; name: string; log?: string[] };
  answers<Options>(command, doors, (_call, { data, name, log: logs = [], ...given }) => {
    const key: KeyPlace = { ...given, scheme: "ed25519" };
    if (hasKeyPlace(key)) requireKeyPlace(key);
    return doors.witnessInit({ data, name, logs, ...(hasKeyPlace(key) && { key }) });
  });
}

export function witnessServe(noun: Command, doors: CLIDoors): void {
  const command = folder(noun.command("serve"))
    .description("answer add-checkpoint (C2SP tlog-witness); stops on SIGINT and SIGTERM")
    .option("--listen <host:port>", "address to listen on (default: witness.yaml)");
  answers<{ data: string; listen?: string }>(command, doors, async ({ progress }, { data, listen }) => {
    await doors.witnessServe(data, listen, progress);
    return done({ stopped: true }, "");
  });
}

export function witnessShow(noun: Command, doors: CLIDoors): void {
  const command = folder(noun.command("show")).description(
    "its verifier key, the logs that it follows, and what it cosigned last",
  );
  answers<{ data: string }>(command, doors, (_call, { data }) => doors.witnessShow(data));
}

export function witnessFollow(noun: Command, doors: CLIDoors): void {
  const command = folder(noun.command("follow"))
    .description("follow one more log, from now on")
    .requiredOption("--log <vkey>", "its verifier key");
  answers<{ data: string; log: string }>(command, doors, (_call, { data, log }) =>
    doors.witnessLogs(data, { add: log }),
  );
}

export function witnessUnfollow(noun: Command, doors: CLIDoors): void {
  const command = folder(noun.command("unfollow"))
    .description("cosign nothing more of a log; what was cosigned stays known")
    .requiredOption("--log <vkey>", "its verifier key");
  answers<{ data: string; log: string }>(command, doors, (_call, { data, log }) =>
    doors.witnessLogs(data, { remove: log }),
  );
}
