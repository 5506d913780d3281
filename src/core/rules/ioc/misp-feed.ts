/**
 * An indicator section as a MISP feed: events of a few thousand attributes of one type, `hashes.csv` and `manifest.json`, as MISP and
 * PyMISP read them. Where an event ends is decided by the ids of its indicators, so that a few new ones change few events.
 */
import { hexText, utf8Bytes } from "../../encoding/bytes.js";
import { md5 } from "../../encoding/name-digests.js";
import { exportRuns, lineChunks } from "../line-export.js";
import type { ExportFacts, ExportedFile } from "../model.js";
import { eventID, feedID, indicatorID, jsonLine } from "./structured-lists.js";
import { typeOf } from "./types.js";
import { mispAttribute, readableText, typeNames } from "./vocabulary.js";

/** SPEC §8.7.8: one indicator in so many is the last of its event. MISP reads an event as a whole. */
const eventItemsMean = 8192;
const eventItemsMax = 32_768;

interface Row {
  readonly record: string;
  readonly text: string;
  readonly id: string;
  readonly event: Event;
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly first: string;
}

/** `records` are drawn twice. */
export function* mispFiles(records: Iterable<string>, facts: ExportFacts): Iterable<ExportedFile> {
  const events = new Map<string, Event>();
  const pathOf = ({ event }: Row) => {
    events.set(event.id, event);
    return `misp/${event.id}.json`;
  };
  yield* exportRuns(rowsOf(records, facts.feed), pathOf, (rows) => eventLines(rows, facts));
  yield { path: "misp/hashes.csv", chunks: lineChunks(hashLines(rowsOf(records, facts.feed))) };
  yield { path: "misp/manifest.json", chunks: lineChunks(manifestLines(events.values(), facts)) };
}

function* rowsOf(records: Iterable<string>, feed: string): Iterable<Row> {
  let event: Event | undefined;
  let items = 0;
  for (const record of records) {
    const text = readableText(record);
    const id = indicatorID(record, text);
    const type = typeNames[typeOf(record)];
    if (event?.type !== type) {
      event = { id: eventID(feed, type, text), type, first: text };
      items = 0;
    }
    yield { record, text, id, event };
    items++;
    const isLast = Number.parseInt(id.slice(0, 8), 16) % eventItemsMean === 0 || items === eventItemsMax;
    if (isLast) event = undefined;
  }
}

function* eventLines(rows: Iterable<Row>, facts: ExportFacts): Iterable<string> {
  const time = seconds(facts);
  let held: string | undefined;
  for (const row of rows) {
    if (held === undefined) {
      const head = {
        uuid: row.event.id,
        ...headOf(row.event, facts),
        publish_timestamp: time,
        published: true,
      };
      // The list of attributes goes on where the head would end.
      yield `${jsonLine({ Event: head }).slice(0, -2)},"Attribute":[`;
    } else yield `${held},`;
    const { type, category, value } = mispAttribute(row.record, row.text);
    const attribute = { uuid: row.id, type, category, value, to_ids: true, comment: "", timestamp: time };
    held = jsonLine(attribute);
  }
  if (held !== undefined) yield held;
  yield "]}}";
}

/** What the manifest says of an event, and the event of itself. */
function headOf({ type, first }: Event, facts: ExportFacts): object {
  const start = first.length > 64 ? `${first.slice(0, 64)}…` : first;
  return {
    ...{ Orgc: { name: `rulemint feed ${facts.feed}`, uuid: feedID(facts.feed) }, Tag: [] },
    ...{ info: `${facts.feed}: ${type} from ${start}`, date: facts.createdAt.slice(0, 10) },
    ...{ analysis: "2", threat_level_id: "4", timestamp: seconds(facts) },
  };
}

const seconds = ({ createdAt }: ExportFacts) => String(Date.parse(createdAt) / 1000);

/** MISP looks each part of a value up by itself. */
function* hashLines(rows: Iterable<Row>): Iterable<string> {
  for (const { record, text, event } of rows) {
    const { type, value } = mispAttribute(record, text);
    for (const part of type.includes("|") ? value.split("|") : [value]) {
      yield `${hexText(md5(utf8Bytes(part)))},${event.id}`;
    }
  }
}

function* manifestLines(events: Iterable<Event>, facts: ExportFacts): Iterable<string> {
  let before = "{";
  for (const event of events) {
    yield before === "{" ? before : `${before},`;
    before = `"${event.id}":${jsonLine(headOf(event, facts))}`;
  }
  yield before;
  yield "}";
}
