/** `rulemint client export-bundle|import-bundle`: updates for endpoints without a network, as one file. */
import { type Command, InvalidArgumentError } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Export {
  readonly url: string;
  readonly root: string;
  readonly feed: string;
  readonly policy?: string;
  readonly from?: readonly number[];
  readonly out: string;
}

export function clientExportBundle(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("export-bundle")
    .description("fetch and prove the newest release, and put what an endpoint needs into one file")
    .requiredOption("--url <url>", "where the public tree is: http, https or file")
    .requiredOption("--root <path>", "the pinned root.json")
    .requiredOption("--out <file>", "the bundle")
    .option("--feed <feed>", "feed", "endpoint")
    .option("--policy <path>", "a signature policy instead of the one in the root")
    .option(
      "--from <release>",
      "deltas for endpoints at this release; several times (default: the full pack)",
      releases,
    );
  answers<Export>(command, doors, ({ progress }, { from = [], ...options }) =>
    doors.exportUpdate({ ...options, from }, progress),
  );
}

export function clientImportBundle(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("import-bundle")
    .description("update from a bundle, without a network; on any failure the last good release stays")
    .argument("<file>", "the bundle")
    .requiredOption("--state <dir>", "the endpoint's state folder");
  answers<{ state: string }>(command, doors, ({ progress }, { state }, [file = ""]) =>
    doors.importUpdate({ state, file }, progress),
  );
}

function releases(text: string, before: readonly number[] = []): number[] {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) throw new InvalidArgumentError("expected the number of a release");
  return [...before, Number(text)];
}
