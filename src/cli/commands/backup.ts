/** `rulemint backup` and `rulemint restore`: a data folder as one file, while the service runs, and back. */
import type { Command } from "commander";
import type { BackupOptions, RestoreOptions } from "../backup-doors.js";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function backup(program: Command, doors: CLIDoors): void {
  const command = program
    .command("backup")
    .description("save a data folder as one archive, while the service runs; it holds the keys")
    .requiredOption("--data <dir>", "folder made by init")
    .requiredOption("--out <file>", "archive to make");
  answers<BackupOptions>(command, doors, ({ progress }, options) => doors.backup(options, progress));
}

export function restore(program: Command, doors: CLIDoors): void {
  const command = program
    .command("restore")
    .description("make a data folder from a backup; every byte is held against its digest")
    .requiredOption("--from <file>", "archive made by backup")
    .requiredOption("--data <dir>", "folder to make; empty or not there");
  answers<RestoreOptions>(command, doors, ({ progress }, options) => doors.restore(options, progress));
}

export function recordsLoad(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("load")
    .description(
      "load records.sqlite into the empty PostgreSQL that rulemint.yaml names: to move there, or after a restore",
    )
    .requiredOption("--data <dir>", "folder made by init, or restored");
  answers<{ readonly data: string }>(command, doors, (_, { data }) => doors.loadRecords(data));
}

export function objectsLoad(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("load")
    .description(
      "load objects and the public tree of the data folder into the buckets that rulemint.yaml names; safe to run again",
    )
    .requiredOption("--data <dir>", "folder made by init; no service runs on it");
  answers<{ readonly data: string }>(command, doors, ({ progress }, { data }) =>
    doors.loadObjects(data, progress),
  );
}

export function configCheck(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("check")
    .description("check the configuration and everything that it names, without starting")
    .requiredOption("--data <dir>", "folder made by init");
  answers<{ readonly data: string }>(command, doors, (_, { data }) => doors.checkConfiguration(data));
}
