/**
 * Publisher and overseer, told apart. A threshold counts keys; while a key is being renewed the publisher has two, and two are
 * enough for a threshold of two. So `targets` say which key is whose, and a feed's metadata need a signature of each party.
 *
 *   "x-rulemint": { "schema": 1, "parties": { "endpoint": { "publisher": [keyid …], "overseer": [keyid …] } }, "names": { keyid: … } }
 */
import { type JSONObject, isJSONObject } from "../encoding/json.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { type Delegation, array, malformed, object, text } from "./metadata.js";
import type { ProvenSigner } from "./threshold.js";

export type Party = "publisher" | "overseer";
export const parties: readonly Party[] = ["publisher", "overseer"];
export type Parties = Readonly<Record<Party, readonly string[]>>;

/**
 * SPEC §5.3.6: every key of the delegation belongs to one party. Undefined when the file does not tell them apart.
 * @throws VerificationError METADATA_MALFORMED
 */
export function parseParties(targets: JSONObject, { name, keys }: Delegation): Parties | undefined {
  const block = targets["x-rulemint"];
  if (!isJSONObject(block) || block.parties === undefined) return undefined;
  const all = object(block.parties, "parties");
  const own = object(Object.hasOwn(all, name) ? all[name] : undefined, `parties of ${name}`);
  const ids = (party: Party) =>
    array(own[party], party, limits.metadataKeysMax).map((id) => text(id, "a key id"));
  const read = { publisher: ids("publisher"), overseer: ids("overseer") };
  const listed = [...read.publisher, ...read.overseer];
  if (
    listed.length !== keys.size ||
    new Set(listed).size !== keys.size ||
    !listed.every((id) => keys.has(id))
  ) {
    throw malformed(`each key of ${name} with one party`, listed);
  }
  return read;
}

/** SPEC §5.3.7: the publisher alone is never enough, and neither is the overseer. @throws VerificationError METADATA_THRESHOLD */
export function requireParties(
  signers: readonly ProvenSigner[],
  known: Parties | undefined,
  name: string,
): void {
  if (known === undefined) return;
  const absent = parties.find((party) => !signers.some(({ keyid }) => known[party].includes(keyid)));
  if (absent === undefined) return;
  throw new VerificationError(
    "METADATA_THRESHOLD",
    `expected publisher and overseer to have signed ${name}, got no signature of the ${absent}`,
  );
}
