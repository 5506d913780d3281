/**
 * Makes a bearer token known. The random bytes come from the caller, the text is shown once, only its SHA-256
 * is kept. No door leads here: tokens are made where the data folder is.
 */
import { hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { UsageError, quote } from "../core/errors.js";
import type { Clock } from "../ports/clock.js";
import type { Records } from "../ports/records.js";
import { timeText } from "./documents.js";
import { type Identity, type TokenRecord, roles } from "./model.js";

const randomBytesMin = 32;

export interface NewToken {
  readonly identity: Identity;
  /** At least 256 bits that nobody can guess. */
  readonly random: Uint8Array;
  readonly label?: string;
  readonly expiresAt?: string;
  readonly parent?: string;
}

/**
 * The text that its holder sends.
 * @throws UsageError REQUEST_INVALID; OperationError STORE_FULL, STORE_FAILED
 */
export async function createToken(
  context: { readonly records: Records; readonly clock: Clock },
  { identity, random, label, expiresAt, parent }: NewToken,
): Promise<string> {
  checkIdentity(identity);
  if (random.length < randomBytesMin) {
    throw new UsageError(
      "REQUEST_INVALID",
      `expected ${randomBytesMin} random bytes for a token, got ${random.length}`,
    );
  }
  const token = `rmt_${hexText(random)}`;
  const ends = { label: label ?? "", expiresAt: expiresAt ?? null, parent: parent ?? null };
  const body: TokenRecord = { identity, createdAt: timeText(context.clock.now()), revokedAt: null, ...ends };
  await context.records.commit([{ collection: "tokens", id: await tokenID(token), expected: 0, body }]);
  return token;
}

/** Under which a token is kept: a stolen copy of the records opens no door. */
export async function tokenID(token: string): Promise<string> {
  return hexText(await sha256(utf8Bytes(token)));
}

/** Names stand in signed lists, so they must have one spelling. */
function checkIdentity({ name, roles: given }: Identity): void {
  const plain = /^[^\p{C}]{1,100}$/u.test(name) && name.normalize("NFC") === name && name.trim() === name;
  if (!plain)
    throw new UsageError("REQUEST_INVALID", `expected a name of printable NFC text, got ${quote(name)}`);
  const unknown = given.find((role) => !roles.includes(role));
  if (unknown !== undefined) {
    throw new UsageError("REQUEST_INVALID", `expected a role of the desk, got ${quote(unknown)}`);
  }
}
