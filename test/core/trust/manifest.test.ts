import { describe, expect, it } from "vitest";
import { compareClientVersions, parseManifest } from "../../../src/core/trust/manifest.js";
import { formatManifest } from "../../../src/core/release/manifest.js";
import { sampleManifest, samplePack } from "./sample-manifest.js";

// biome-ignore lint/suspicious/noExplicitAny: the rows bend a document of any shape
type Loose = any;

describe("parseManifest", () => {
  it("gives back what formatManifest was given", () => {
    const manifest = sampleManifest();
    expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
  });

  it("ignores members it does not know", () => {
    const signed = formatManifest(sampleManifest()) as Loose;
    signed["x-rulemint"].later = { ring: 1 };
    signed.targets["endpoint/3.full.rmp"].custom.note = "x";
    expect(parseManifest(signed)).toEqual(sampleManifest());
  });

  const seventeen = () => Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`e${i}`, { least: "1" }]));
  it("SPEC §5.4.10 keeps the ranges of engines, known or not", () => {
    const sample = sampleManifest();
    const engines = { snort: { below: "4" }, suricata: { least: "7.0.3", below: "9" } };
    const manifest = { ...sample, block: { ...sample.block, engines } };
    expect(parseManifest(formatManifest(manifest)).block.engines).toEqual(engines);
  });

  const full = "endpoint/3.full.rmp";
  const rows: [rule: string, bend: (signed: Loose) => void][] = [
    ["no block", (s) => delete s["x-rulemint"]],
    ["another schema", (s) => (s["x-rulemint"].schema = 2)],
    ["SPEC §5.4.2 another release than its version", (s) => (s["x-rulemint"].release = 4)],
    ["a feed name with a slash", (s) => (s["x-rulemint"].feed = "a/b")],
    ["a top-level role as feed", (s) => (s["x-rulemint"].feed = "targets")],
    ["SPEC §5.4.4 a first release with a past", (s) => (s.version = s["x-rulemint"].release = 1)],
    ["SPEC §5.4.4 a past that is no digest", (s) => (s["x-rulemint"].previousManifestSha256 = "")],
    ["an unknown rule kind", (s) => (s["x-rulemint"].database.rules.exe = 1)],
    ["a negative rule count", (s) => (s["x-rulemint"].database.rules.yara = -1)],
    ["SPEC §5.4.5 a client version of two numbers", (s) => (s["x-rulemint"].minimumClient = "1.0")],
    ["a digest in capitals", (s) => (s["x-rulemint"].approvalsSha256 = "A".repeat(64))],
    ["a time that is none", (s) => (s["x-rulemint"].createdAt = "yesterday")],
    ["a release that restores itself", (s) => (s["x-rulemint"].restores = 3)],
    ["SPEC §5.4.6 a name that custom contradicts", (s) => (s.targets[full].custom.to = 2)],
    ["SPEC §5.4.6 a kind that custom contradicts", (s) => (s.targets[full].custom.kind = "delta")],
    ["a target of another feed", (s) => (s.targets["other/3.full.rmp"] = s.targets[full])],
    ["a target without custom", (s) => delete s.targets[full].custom],
    ["a pack of no bytes", (s) => (s.targets[full].length = 0)],
    ["a pack without SHA-256", (s) => (s.targets[full].hashes = { sha512: "00" })],
    ["a database beyond the limit", (s) => (s.targets[full].custom.databaseBytes = 2 ** 50)],
    [
      "SPEC §5.4.7 two results of one release",
      (s) => (s.targets[full].custom.databaseSha256 = "f".repeat(64)),
    ],
    ["SPEC §5.4.8 no full pack of the release", (s) => delete s.targets[full]],
    ["SPEC §5.4.10 engines that are a list", (s) => (s["x-rulemint"].engines = [])],
    ["SPEC §5.4.10 no engine", (s) => (s["x-rulemint"].engines = {})],
    ["SPEC §5.4.10 an engine of any version", (s) => (s["x-rulemint"].engines = { yara: {} })],
    ["SPEC §5.4.10 a version that is none", (s) => (s["x-rulemint"].engines = { yara: { least: "4.x" } })],
    ["SPEC §5.4.10 a version as a number", (s) => (s["x-rulemint"].engines = { yara: { least: 4 } })],
    [
      "SPEC §5.4.10 a range of nothing",
      (s) => (s["x-rulemint"].engines = { yara: { least: "4", below: "4.0" } }),
    ],
    ["SPEC §5.4.10 a name in capitals", (s) => (s["x-rulemint"].engines = { YARA: { least: "4" } })],
    ["SPEC §5.4.10 seventeen engines", (s) => (s["x-rulemint"].engines = seventeen())],
    ["an expiry that is none", (s) => (s.expires = "never")],
  ];
  it.each(rows)("refuses %s", (_rule, bend) => {
    const signed = structuredClone(formatManifest(sampleManifest())) as Loose;
    bend(signed);
    expect(() => parseManifest(signed)).toThrowError(expect.objectContaining({ code: "MANIFEST_MALFORMED" }));
  });

  it("refuses to build a delta that goes backwards", () => {
    const packs = [samplePack(0, 3), samplePack(3, 2, { path: "endpoint/3-2.delta.rmp" })];
    expect(() => formatManifest(sampleManifest({ packs }))).toThrowError(
      expect.objectContaining({ code: "MANIFEST_MALFORMED" }),
    );
  });
});

it.each([
  ["1.2.3", "1.2.3", 0],
  ["1.2.3", "1.10.0", -1],
  ["2.0.0", "1.99.99", 1],
])("compares client versions %s and %s", (a, b, sign) => {
  expect(Math.sign(compareClientVersions(a, b))).toBe(sign);
});
