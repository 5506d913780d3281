/**
 * A MISP feed, read as MISP's own fetcher does: `manifest.json`, an event a file, `hashes.csv`. Types, categories and values are held to
 * what MISP takes for them (its `describeTypes`). It shares no code with what writes one.
 */
import { hexText, utf8Bytes } from "../../encoding/bytes.js";
import { type JSONObject, type JSONValue, isJSONObject } from "../../encoding/json.js";
import { md5 } from "../../encoding/name-digests.js";
import { VerificationError } from "../../errors.js";

export interface MISPAttribute {
  readonly id: string;
  readonly value: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const address = "[0-9a-f.:]+";
const name = String.raw`[a-z0-9._-]+\.[a-z0-9-]{2,}`;
const types: Readonly<Record<string, readonly [category: string, value: RegExp]>> = {
  md5: ["Payload delivery", /^[0-9a-f]{32}$/],
  sha1: ["Payload delivery", /^[0-9a-f]{40}$/],
  sha256: ["Payload delivery", /^[0-9a-f]{64}$/],
  sha512: ["Payload delivery", /^[0-9a-f]{128}$/],
  "ip-dst": ["Network activity", new RegExp(`^${address}(/\\d{1,3})?$`)],
  "ip-dst|port": ["Network activity", new RegExp(`^${address}\\|\\d{1,5}$`)],
  domain: ["Network activity", new RegExp(`^${name}$`)],
  "hostname|port": ["Network activity", new RegExp(`^${name}\\|\\d{1,5}$`)],
  url: ["Network activity", /^[a-z][a-z0-9+.-]*:\/\/\S/],
  uri: ["Network activity", /\S/],
  "pattern-in-traffic": ["Network activity", /\S/],
};
/** What the manifest says of an event, and the event of itself. */
const shared = ["info", "date", "analysis", "threat_level_id", "timestamp", "Orgc", "Tag"] as const;

/** `files` is what each path below `misp/` holds. Every attribute in its order. @throws VerificationError ENCODING_MALFORMED */
export function readFeed(
  files: ReadonlyMap<string, Uint8Array>,
  parse: (bytes: Uint8Array) => JSONValue,
): readonly MISPAttribute[] {
  const file = (path: string): Uint8Array => {
    const bytes = files.get(path);
    must(bytes !== undefined, `${path} in the feed`);
    return bytes;
  };
  const manifest = parse(file("manifest.json"));
  must(isJSONObject(manifest), "an object in manifest.json");
  const ids = Object.keys(manifest);
  must(files.size === ids.length + 2, "no file beside the events of manifest.json and hashes.csv");
  const attributes: MISPAttribute[] = [];
  const hashes: string[] = [];
  for (const id of ids) {
    const own = readEvent(id, manifest[id], parse(file(`${id}.json`)));
    for (const { type, value } of own) {
      const parts = type.includes("|") ? value.split("|") : [value];
      for (const part of parts) hashes.push(`${hexText(md5(utf8Bytes(part)))},${id}\n`);
    }
    for (const one of own) attributes.push(one);
  }
  const told = new TextDecoder().decode(file("hashes.csv"));
  must(told === hashes.join(""), "in hashes.csv the MD5 of each part of each value, and its event");
  must(new Set(attributes.map(({ id }) => id)).size === attributes.length, "each attribute's uuid once");
  return attributes;
}

function readEvent(id: string, head: JSONValue | undefined, file: JSONValue) {
  const event = isJSONObject(file) ? file.Event : undefined;
  must(isJSONObject(event) && isJSONObject(head) && event.uuid === id && uuid.test(id), `the event ${id}`);
  for (const member of shared) {
    const same = JSON.stringify(head[member]) === JSON.stringify(event[member]);
    must(same && event[member] !== undefined, `${member} of the event ${id} as manifest.json has it`);
  }
  const { date, timestamp, Attribute: attributes } = event;
  must(typeof date === "string" && /^\d{4}-\d\d-\d\d$/.test(date), `a date of the event ${id}`);
  must(typeof timestamp === "string" && /^\d+$/.test(timestamp), `a timestamp of the event ${id}`);
  must(event.published === true && typeof event.info === "string", `a published event ${id}`);
  must(Array.isArray(attributes) && attributes.length > 0, `attributes in the event ${id}`);
  return (attributes as readonly JSONValue[]).map((one) => readAttribute(one, id));
}

function readAttribute(one: JSONValue, event: string): MISPAttribute & { readonly type: string } {
  must(isJSONObject(one), `an attribute of the event ${event}`);
  const { uuid: id, type, category, value, to_ids: forDetection } = one as JSONObject;
  must(typeof id === "string" && uuid.test(id) && typeof type === "string", `a uuid and type in ${event}`);
  const [wanted, form] = types[type] ?? [];
  must(wanted !== undefined && category === wanted, `a type and category of MISP, for ${type}`);
  must(typeof value === "string" && form?.test(value) === true, `a value that MISP takes for ${type}`);
  must(forDetection === true, `to_ids of ${id}`);
  return { id, type, value };
}

function must(holds: boolean, expected: string): asserts holds {
  if (!holds) throw new VerificationError("ENCODING_MALFORMED", `expected ${expected}, got something else`);
}
