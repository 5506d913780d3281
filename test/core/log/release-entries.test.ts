import { describe, expect, it } from "vitest";
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import {
  type ReleaseLogEntry,
  formatReleaseLogEntry,
  parseReleaseLogEntry,
} from "../../../src/core/log/release-entries.js";

const time = "2026-09-01T12:00:00Z";
const digest = sha256Hex("a".repeat(64));
const release = { feed: feedName("endpoint"), release: releaseNumber(7) };
const entries: readonly ReleaseLogEntry[] = [
  {
    ...{ kind: "release", time, ...release, manifestSha256: digest, databaseSha256: digest },
    ...{ sourceTreeSha256: digest, previousManifestSha256: null },
  },
  { kind: "withdrawal", time, ...release, restores: releaseNumber(5) },
  { kind: "withdrawal", time, ...release, restores: null },
  { kind: "root", time, version: 2, sha256: digest },
  { kind: "targets", time, version: 3, sha256: digest },
  { kind: "policy", time, rootVersion: 2, sha256: digest },
  { kind: "verdict", time, ...release, result: "FAILED", envelopeSha256: digest },
  { kind: "rings", time, feed: release.feed, ringsSha256: digest },
  { kind: "anchor", time, origin: "example.com/access", size: 0, root: digest },
  { kind: "heartbeat", time, intervalSeconds: 3600, releases: { endpoint: 0 } },
];
const parse = (text: string) => parseReleaseLogEntry(utf8Bytes(text));
const sound = utf8Text(formatReleaseLogEntry(entries[3] as ReleaseLogEntry));

describe("an entry of the release log", () => {
  it.each(entries.map((entry) => [entry.kind, entry] as const))(
    "SPEC §11.7.1 of kind %s is read as written",
    (_kind, entry) => {
      const bytes = formatReleaseLogEntry(entry);
      expect(parseReleaseLogEntry(bytes)).toEqual(entry);
      expect(formatReleaseLogEntry(parseReleaseLogEntry(bytes) as ReleaseLogEntry)).toEqual(bytes);
    },
  );

  it("SPEC §11.7.2 of a kind that is not known gives its time, and members that are not known nothing", () => {
    expect(parse(`{"kind":"news","schema":1,"time":"${time}"}`)).toEqual({
      kind: "unknown",
      name: "news",
      time,
    });
    expect(parse(sound.replace("{", '{"aside":1,'))).toEqual(entries[3]);
  });

  it.each([
    ["not canonical", sound.replace(":1,", ": 1,")],
    ["with members out of order", `{"schema":1,"kind":"news","time":"${time}"}`],
    ["with a blank at the end", `${sound} `],
    ["of another schema", sound.replace('"schema":1', '"schema":2')],
    ["without a kind", `{"schema":1,"time":"${time}"}`],
    ["with a kind that is no word", `{"kind":"A b","schema":1,"time":"${time}"}`],
    ["without a time", '{"kind":"news","schema":1}'],
    ["with a time that is none", sound.replace("09-01", "02-30")],
    ["with milliseconds", sound.replace(":00Z", ":00.000Z")],
    ["without the digest", `{"kind":"root","schema":1,"time":"${time}","version":2}`],
    ["with a digest in upper case", sound.replaceAll("a".repeat(64), "A".repeat(64))],
    ["of version 0", sound.replace('"version":2', '"version":0')],
    ["that is a list", "[]"],
    ["that is no JSON", "root"],
    ["that is nothing", ""],
  ])("SPEC §11.7.2 is refused %s", (_rule, text) => {
    expect(() => parse(text)).toThrowError(expect.objectContaining({ code: "LOG_ENTRY_MALFORMED" }));
  });

  it("SPEC §11.7.1 of more than 65,535 bytes is not written", () => {
    const origin = "x".repeat(65_535);
    expect(() => formatReleaseLogEntry({ kind: "anchor", time, origin, size: 1, root: digest })).toThrowError(
      expect.objectContaining({ code: "LOG_ENTRY_TOO_LARGE" }),
    );
  });
});
