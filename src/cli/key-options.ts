/** Where a private key lives, as options: an encrypted file, or a token. One form for every command that signs. */
import { type Command, Option } from "commander";
import { UsageError } from "../core/errors.js";

export type KeyScheme = "ecdsa-p256-sha256" | "rsa-pss-3072-sha256" | "ed25519";

export interface KeyPlace {
  readonly keyFile?: string;
  readonly passphraseFile?: string;
  readonly pkcs11Module?: string;
  readonly tokenLabel?: string;
  readonly keyLabel?: string;
  readonly pinFile?: string;
  readonly scheme: KeyScheme;
  /** The data folder whose access log hears of the use, where no path says it. */
  readonly accessLog?: string;
}

export function withKeyPlace(command: Command): Command {
  return command
    .option("--key-file <path>", "encrypted key file")
    .option("--passphrase-file <path>", "file that holds its passphrase")
    .option("--pkcs11-module <path>", "the token's PKCS#11 library")
    .option("--token-label <label>", "the token")
    .option("--key-label <label>", "the key in the token")
    .option("--pin-file <path>", "file that holds the token's PIN")
    .addOption(
      new Option("--scheme <scheme>", "kind of the key")
        .choices(["ecdsa-p256-sha256", "rsa-pss-3072-sha256", "ed25519"])
        .default("ecdsa-p256-sha256"),
    );
}

/** A key that may be a service's: its access log hears of the use. */
export function withServiceKey(command: Command): Command {
  return withKeyPlace(command).option(
    "--access-log <dir>",
    "data folder whose access log hears of the use of a token's key (a key file: the folder that it lies in)",
  );
}

export const hasKeyPlace = ({ keyFile, pkcs11Module }: KeyPlace): boolean =>
  keyFile !== undefined || pkcs11Module !== undefined;

/** @throws UsageError USAGE unless it is wholly a file or wholly a token */
export function requireKeyPlace(place: KeyPlace): void {
  const { keyFile, passphraseFile, pkcs11Module, tokenLabel, keyLabel, pinFile } = place;
  const file = keyFile !== undefined && passphraseFile !== undefined;
  const token = [pkcs11Module, tokenLabel, keyLabel, pinFile].every((part) => part !== undefined);
  if (file !== token && (keyFile === undefined) !== (pkcs11Module === undefined)) return;
  throw new UsageError(
    "USAGE",
    "expected --key-file and --passphrase-file, or --pkcs11-module, --token-label, --key-label and --pin-file",
  );
}

/** Collects a repeated option. */
export const several = (text: string, before: readonly string[] = []): string[] => [...before, text];
