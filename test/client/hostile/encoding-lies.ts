/** Lies in how files are written: JSON that two readers would read differently, and names that mean another file to somebody. */
import { metadataPath, timestampPath } from "../../../src/core/release/tree-paths.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { instead } from "../../simulator/server.js";
import { indicators } from "../endpoint.js";
import { type Lie, type LieRow, after, replaced, serve } from "./lie.js";

const text = (change: (text: string) => string) =>
  after(
    serve(
      /timestamp/,
      instead((bytes) => new TextEncoder().encode(change(new TextDecoder().decode(bytes)))),
    ),
  );
const bytes = (change: (bytes: Uint8Array) => Uint8Array) => after(serve(/timestamp/, instead(change)));
const json = (from: string, to: string) => bytes((old) => replaced(old, from, to));

/** Both parties sign a manifest whose packs have this path: signatures alone must not be enough. */
const path =
  (change: (path: string) => string): Lie =>
  async ({ publisher }) => {
    await publisher.release(indicators(2), { deltasFrom: [] });
    const file = metadataPath(publisher.feed, 2);
    const { signed } = JSON.parse(new TextDecoder().decode(publisher.tree.get(file)));
    const packs = Object.entries(signed.targets).map(([name, facts]) => [change(name), facts]);
    const keys = [publisher.publisherKey, publisher.overseerKey];
    publisher.tree.set(file, await signMetadata({ ...signed, targets: Object.fromEntries(packs) }, keys));
    await publisher.publishSnapshot();
  };

export const encodingLies: readonly LieRow[] = [
  ["a byte order mark", "JSON_MALFORMED", bytes((old) => Buffer.concat([Buffer.from("\ufeff"), old]))],
  ["UTF-16", "JSON_MALFORMED", bytes((old) => Buffer.from(Buffer.from(old).toString("utf8"), "utf16le"))],
  [
    "bytes that are not UTF-8",
    "TEXT_NOT_UTF8",
    bytes((old) => old.map((byte, i) => (i === 20 ? 0xff : byte))),
  ],
  ["a member twice", "JSON_MALFORMED", json('"signed":', '"signed":{},"signed":')],
  ["brackets ten thousand deep", "JSON_MALFORMED", text(() => "[".repeat(10_000))],
  [
    "a number beyond all numbers",
    "JSON_MALFORMED",
    text((old) => old.replace(/"version":\d+/, '"version":1e999')),
  ],
  [
    "a number that two readers round differently",
    "JSON_MALFORMED",
    text((old) => old.replace(/"version":\d+/, '"version":9007199254740993')),
  ],
  [
    "a version that is no whole number",
    "JSON_MALFORMED",
    text((old) => old.replace(/"version":\d+/, '"version":1.5')),
  ],
  [
    "a version in words, signed",
    "METADATA_MALFORMED",
    after(async ({ publisher }) => {
      const { signed } = JSON.parse(new TextDecoder().decode(publisher.tree.get(timestampPath)));
      const bent = { ...signed, version: String(signed.version) };
      publisher.tree.set(timestampPath, await signMetadata(bent, publisher.keys.timestamp));
    }),
  ],
  ["half a character", "JSON_MALFORMED", json('"_type"', '"\\ud800"')],
  ["something behind the end", "JSON_MALFORMED", text((old) => `${old}{}`)],
  ["a comment", "JSON_MALFORMED", text((old) => `/* hello */${old}`)],
  [
    "members of every object's ancestor",
    "JSON_MALFORMED",
    json('"signed":{', '"signed":{"__proto__":{"version":99},'),
  ],
  ["a list where an object belongs", "METADATA_MALFORMED", text(() => "[]")],
  ["packs above the tree", "TARGET_UNKNOWN", path((old) => `../${old}`)],
  ["packs in the root of the disk", "TARGET_UNKNOWN", path((old) => `/${old}`)],
  ["packs above the tree, percent-encoded", "TARGET_UNKNOWN", path((old) => old.replace("/", "/%2e%2e/"))],
  ["packs behind a backslash", "TARGET_UNKNOWN", path((old) => old.replace("/", "\\"))],
];
