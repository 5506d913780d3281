/** `rulemint init`: a development PKI, keys, a TUF root and a feed, ready to serve. */
import { type Command, Option } from "commander";
import { answers } from "../command.js";
import type { CLIDoors, InitOptions } from "../doors.js";

export function init(program: Command, doors: CLIDoors): void {
  const command = program
    .command("init")
    .description("make a data folder: development keys, TUF root, a feed; prints where the tokens are")
    .requiredOption("--data <dir>", "folder to make")
    .option(
      "--overseer <dir>",
      "folder for the overseer's key and token (default: overseer, in the data folder)",
    )
    .addOption(
      new Option("--signer <kind>", "where the publisher's key lives")
        .choices(["webcrypto", "pkcs11"])
        .default("webcrypto"),
    )
    .addOption(
      new Option("--scheme <scheme>", "kind of the publisher's key")
        .choices(["ecdsa-p256-sha256", "rsa-pss-3072-sha256"])
        .default("ecdsa-p256-sha256"),
    )
    .option("--pkcs11-module <path>", "the token's PKCS#11 library")
    .option("--token-label <label>", "the token")
    .option("--key-label <label>", "the key, made inside the token")
    .option("--pin-file <path>", "file that holds the token's PIN")
    .option(
      "--log-origin <name>",
      "name of the release log, such as example.com/releases (default: made of its key)",
    )
    .option("--post-quantum", "experimental: make an ML-DSA-65 key for a second signature")
    .option(
      "--clamav-signatures",
      "sign the files that ClamAV loads; widens the development certificates by emailProtection",
    );
  answers<InitOptions>(command, doors, ({ progress }, options) => doors.init(options, progress));
}
