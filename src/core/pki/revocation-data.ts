/** Revocation data as it travels: inside a SignedData (RFC 5652 §10.2.1), or as files beside it. Read, not yet believed. */
import { equalBytes } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { constructedTag, parseDER, tags } from "../encoding/der.js";
import { derObjectID, derValue } from "../encoding/der-writer.js";
import { VerificationError } from "../errors.js";
import { parseCRL, type RevocationList } from "./crl.js";
import { structured } from "./failure.js";
import { type OCSPResponse, parseOCSPResponse } from "./ocsp.js";

export interface RevocationData {
  readonly lists: readonly RevocationList[];
  readonly responses: readonly OCSPResponse[];
}

const ocspFormat = "1.3.6.1.5.5.7.16.2";

/** RFC 5652 §10.2.1: a list as it is, or [1] { format, info }. RFC 5940 §2: the format of an OCSP response. */
const readOther = der.sequence("other revocation data", {
  format: der.where(der.objectID, (format) => format === ocspFormat, "a list or an OCSP response"),
  info: der.encoding,
});
const readResponse = der.required(der.implicit(1, tags.sequence, readOther));

/** SPEC §6.8.1. @throws VerificationError REVOCATION_MALFORMED, LIMIT_EXCEEDED */
export function parseRevocationData(choices: readonly Uint8Array[]): RevocationData {
  const isList = (bytes: Uint8Array): boolean => bytes[0] === tags.sequence;
  const others = choices.filter((bytes) => !isList(bytes));
  const infos = others.map((bytes) =>
    structured("REVOCATION_MALFORMED", () => readResponse(parseDER(bytes)).info),
  );
  return { lists: choices.filter(isList).map(parseCRL), responses: infos.map(parseOCSPResponse) };
}

/** The choice that an OCSP response travels as; a list travels as it is. */
export const ocspChoice = (response: Uint8Array): Uint8Array<ArrayBuffer> =>
  derValue(constructedTag(1), ocspFormatDER, response);
const ocspFormatDER = derObjectID(ocspFormat);

/** As they travel. */
export const choicesOf = ({ lists, responses }: RevocationData): Uint8Array[] => [
  ...[...lists.map(({ der }) => der), ...responses.map(({ der }) => ocspChoice(der))],
];

/** Both, each item once. Of what was seen elsewhere, what cannot be read is left out: it is extra, and nobody relies on it. */
export function withSeenItems(data: RevocationData, seen: readonly Uint8Array[]): RevocationData {
  const known = choicesOf(data);
  const others = seen.filter((choice) => !known.some((one) => equalBytes(one, choice))).map(readableItem);
  return {
    lists: [...data.lists, ...others.flatMap(({ lists }) => lists)],
    responses: [...data.responses, ...others.flatMap(({ responses }) => responses)],
  };
}

/** What is in it, or nothing. */
export function readableItem(choice: Uint8Array): RevocationData {
  try {
    return parseRevocationData([choice]);
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    return { lists: [], responses: [] };
  }
}
