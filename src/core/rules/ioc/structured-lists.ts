/**
 * The forms of an indicator section that programs read whole: CSV (RFC 4180) and a STIX 2.1 bundle. Both are written as they are
 * drawn, and depend on the records and the facts of the release alone.
 */
import { uuidMaker } from "../../encoding/uuid.js";
import { byteString, utf8Bytes } from "../../encoding/bytes.js";
import { lineChunks } from "../line-export.js";
import type { ExportFacts, ExportedFile } from "../model.js";
import { stixPattern } from "./stix-pattern.js";
import { typeOf } from "./types.js";
import { readableText, typeNames } from "./vocabulary.js";

/** SPEC §8.7.7: of every id that this project makes of a name. Not that of STIX, which its specification keeps for observables. */
const madeID = uuidMaker("9c3d1b5e-52c7-4f0a-8f41-6b1f2f0c7a35");

export function indicatorID(record: string, text: string): string {
  return madeID(`indicator\n${typeNames[typeOf(record)]}\n${text}`);
}

export function feedID(feed: string): string {
  return madeID(`feed\n${feed}`);
}

export function eventID(feed: string, type: string, first: string): string {
  return madeID(`event\n${feed}\n${type}\n${first}`);
}

export function csvFile(records: Iterable<string>): ExportedFile {
  return { path: "indicators.csv", chunks: lineChunks(csvLines(records)) };
}

/** SPEC §8.7.6 */
function* csvLines(records: Iterable<string>): Iterable<string> {
  yield "type,value,id\r";
  for (const record of records) {
    const text = readableText(record);
    const value = /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    yield `${typeNames[typeOf(record)]},${bytesOf(value)},${indicatorID(record, text)}\r`;
  }
}

export function stixFile(records: Iterable<string>, facts: ExportFacts): ExportedFile {
  return { path: "stix-bundle.json", chunks: lineChunks(stixLines(records, facts)) };
}

/**
 * SPEC §8.7.7. Nobody knows here when an indicator was first seen: `created` is the same for ever, as STIX wants it, and each
 * release is a new version of what it holds.
 */
function* stixLines(records: Iterable<string>, facts: ExportFacts): Iterable<string> {
  const created = "1970-01-01T00:00:00.000Z";
  const now = facts.createdAt.replace("Z", ".000Z");
  const author = `identity--${feedID(facts.feed)}`;
  const bundle = madeID(`bundle\n${facts.feed}\n${facts.databaseSha256}\n${facts.createdAt}`);
  yield `{"type":"bundle","id":"bundle--${bundle}","objects":[`;
  const identity = { type: "identity", spec_version: "2.1", id: author, created, modified: created };
  let held = jsonLine({ ...identity, name: `rulemint feed ${facts.feed}`, identity_class: "system" });
  // Millions of lines: what all of them share is written once.
  const shared = {
    ...{ spec_version: "2.1", created_by_ref: author, created, modified: now, valid_from: now },
    ...{ indicator_types: ["malicious-activity"], pattern_type: "stix", pattern_version: "2.1" },
  };
  const rest = jsonLine(shared).slice(1);
  for (const record of records) {
    yield `${held},`;
    const text = readableText(record);
    const name = bytesOf(JSON.stringify(text));
    const pattern = bytesOf(JSON.stringify(stixPattern(record)));
    const id = indicatorID(record, text);
    held = `{"type":"indicator","id":"indicator--${id}","name":${name},"pattern":${pattern},${rest}`;
  }
  yield held;
  yield "]}";
}

/** A byte string: UTF-8. */
export function jsonLine(value: object): string {
  return bytesOf(JSON.stringify(value));
}

function bytesOf(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : byteString(utf8Bytes(text));
}
