/** A statement in its envelope, signed by whoever holds a key. The key id is the SHA-256 of the public key: a hint, and for people. */
import { hexText } from "../../encoding/bytes.js";
import { sha256 } from "../../encoding/sha256.js";
import { type DSSEEnvelope, preAuthEncoding } from "./dsse.js";
import { type Statement, formatStatement, statementPayloadType } from "./statement.js";

export interface StatementSigner {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export async function signStatement(statement: Statement, signer: StatementSigner): Promise<DSSEEnvelope> {
  const payload = formatStatement(statement);
  const sig = new Uint8Array(await signer.sign(preAuthEncoding(statementPayloadType, payload)));
  const keyid = hexText(await sha256(signer.spki));
  return { payloadType: statementPayloadType, payload, signatures: [{ keyid, sig }] };
}
