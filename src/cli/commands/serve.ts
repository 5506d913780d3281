/** `rulemint serve`: the service, until it is told to stop. */
import type { Command } from "commander";
import { answers, done } from "../command.js";
import type { CLIDoors, ServeOptions } from "../doors.js";

export function serve(program: Command, doors: CLIDoors): void {
  const command = program
    .command("serve")
    .description("serve the interface and the public tree; stops on SIGINT and SIGTERM")
    .requiredOption("--data <dir>", "folder made by init")
    .option("--listen <host:port>", "where to listen (default: the configuration's, 127.0.0.1:8420)");
  answers<ServeOptions>(command, doors, async ({ progress }, options) => {
    await doors.serve(options, progress);
    return done({ stopped: true }, "");
  });
}
