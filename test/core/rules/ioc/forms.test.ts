/** Indicators as CSV, STIX 2.1 and a MISP feed. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { IOCForm } from "../../../../src/core/rules/export-forms.js";
import { exportInForms } from "../../../../src/core/rules/export-in-forms.js";
import { iocLanguage } from "../../../../src/core/rules/ioc/language.js";
import { stixPattern } from "../../../../src/core/rules/ioc/stix-pattern.js";
import { sourceFile } from "../../../support/line-languages.js";

const facts = {
  ...{ feed: "endpoint", release: 7, databaseSha256: "ab".repeat(32) },
  createdAt: "2026-11-22T12:00:00Z",
};
const sectionOf = (lines: readonly string[]) =>
  iocLanguage.merge([iocLanguage.parse(sourceFile("ioc/list.txt", lines.join("\n")))]).records;

function exportAs(form: IOCForm, lines: readonly string[]): Map<string, string> {
  const files = exportInForms("ioc", sectionOf(lines), { ioc: [form], sigma: "flat" }, facts);
  return new Map(
    [...files].map(({ path, chunks }) => [
      path,
      Buffer.concat(Array.from(chunks, (chunk) => chunk.slice())).toString("utf8"),
    ]),
  );
}

/** One of each type, and what is hard to write. */
const table: readonly [string, string][] = [
  ["d41d8cd98f00b204e9800998ecf8427e", "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"],
  ["a".repeat(40), `[file:hashes.'SHA-1' = '${"a".repeat(40)}']`],
  ["b".repeat(64), `[file:hashes.'SHA-256' = '${"b".repeat(64)}']`],
  ["c".repeat(128), `[file:hashes.'SHA-512' = '${"c".repeat(128)}']`],
  ["10.0.0.1", "[ipv4-addr:value = '10.0.0.1']"],
  ["10.0.0.0/8", "[ipv4-addr:value ISSUBSET '10.0.0.0/8']"],
  [
    "10.0.0.1:443",
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '10.0.0.1' AND network-traffic:dst_port = 443]",
  ],
  ["2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"],
  ["2001:db8::/32", "[ipv6-addr:value ISSUBSET '2001:db8::/32']"],
  [
    "[2001:db8::1]:80",
    "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 80]",
  ],
  ["bad_name.example", "[domain-name:value = 'bad_name.example']"],
  ["*.bad_name.example", "[domain-name:value MATCHES '^.+\\\\.bad_name\\\\.example$']"],
  [
    "b.example:8080",
    "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'b.example' AND network-traffic:dst_port = 8080]",
  ],
  ["http://b.example/it's?a=\\1", "[url:value = 'http://b.example/it\\'s?a=\\\\1']"],
  ["b.example/a(1)", "[url:value MATCHES '^[a-z][a-z0-9+.-]*://b\\\\.example/a\\\\(1\\\\)([?#].*)?$']"],
  ["b.example/a?b", "[url:value MATCHES '^[a-z][a-z0-9+.-]*://b\\\\.example/a\\\\?b(#.*)?$']"],
  ["/gate.php", "[url:value MATCHES '^[a-z][a-z0-9+.-]*://[^/?#]+/gate\\\\.php([?#].*)?$']"],
  ["^a[0-9]+\\.example", "[domain-name:value MATCHES '^a[0-9]+\\\\.example']"],
];
const everyKind = table.map(([text]) => text);
const withText = [...everyKind, 'http://b.example/"a,b"', "http://b.example/ü"];

describe("SPEC §8.7.7 an indicator as a STIX pattern", () => {
  it.each(table)("%s", (text, pattern) => {
    const [record] = sectionOf([text]);
    expect(stixPattern(record as string)).toBe(pattern);
  });
});

interface STIXObject {
  readonly type: string;
  readonly id: string;
  readonly [name: string]: unknown;
}

describe("SPEC §8.7.7 a STIX 2.1 bundle", () => {
  const bundleOf = (lines: readonly string[]) =>
    JSON.parse(exportAs("stix", lines).get("stix-bundle.json") as string) as STIXObject & {
      objects: STIXObject[];
    };
  const uuid5 = "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

  it("names every object by its type and a UUID of version 5, each once", () => {
    const { type, id, objects } = bundleOf(withText);
    for (const one of [{ type, id }, ...objects]) {
      expect(one.id).toMatch(new RegExp(`^${one.type}--${uuid5}$`));
    }
    expect(new Set(objects.map((one) => one.id)).size).toBe(withText.length + 1);
  });

  it("has what STIX requires of an indicator, and no empty list", () => {
    const [identity, ...indicators] = bundleOf(withText).objects;
    expect(identity).toMatchObject({ type: "identity", name: "rulemint feed endpoint" });
    for (const one of indicators) {
      expect(one).toMatchObject({
        ...{ type: "indicator", spec_version: "2.1", created_by_ref: identity?.id, pattern_type: "stix" },
        ...{ created: "1970-01-01T00:00:00.000Z", modified: "2026-11-22T12:00:00.000Z" },
        valid_from: "2026-11-22T12:00:00.000Z",
      });
    }
    expect(indicators.map(({ name }) => name).sort()).toEqual([...withText].sort());
    expect(bundleOf([]).objects.map(({ type }) => type)).toEqual(["identity"]);
  });

  it("calls an indicator the same in every release, whatever stands beside it", () => {
    const idsOf = (lines: readonly string[]) => bundleOf(lines).objects.map(({ id }) => id);
    const all = idsOf(everyKind);
    for (const text of everyKind) expect(all).toContain(idsOf([text])[1]);
  });
});

describe("SPEC §8.7.6 CSV", () => {
  it("quotes what RFC 4180 asks to be quoted, and nothing else", () => {
    const text = exportAs("csv", ["10.0.0.1", 'http://b.example/"a,b"', "http://b.example/ü"]);
    const id = "[0-9a-f-]{36}";
    const lines = ["type,value,id", `ipv4,10\\.0\\.0\\.1,${id}`, `url,"http://b\\.example/""a,b""",${id}`];
    const expected = [...lines, `url,http://b\\.example/ü,${id}`, ""].join("\r\n");
    expect(text.get("indicators.csv")).toMatch(new RegExp(`^${expected}$`));
  });
});

interface MISPEvent {
  readonly Event: { readonly [name: string]: unknown } & {
    readonly uuid: string;
    readonly Attribute: readonly { uuid: string; type: string; category: string; value: string }[];
  };
}

function feedOf(lines: readonly string[]) {
  const files = exportAs("misp", lines);
  const manifest = JSON.parse(files.get("misp/manifest.json") as string) as Record<string, object>;
  const events = Object.keys(manifest).map(
    (uuid) => JSON.parse(files.get(`misp/${uuid}.json`) as string) as MISPEvent,
  );
  const hashes = (files.get("misp/hashes.csv") as string).trimEnd().split("\n");
  return { files, manifest, events, hashes };
}

describe("SPEC §8.7.8 a MISP feed", () => {
  it("has an event a type, told by the manifest as the event tells of itself", () => {
    const { files, manifest, events } = feedOf(withText);
    expect(files.size).toBe(events.length + 2);
    for (const { Event: event } of events) {
      const head = manifest[event.uuid];
      expect(event).toMatchObject(head as object);
      expect(head).toMatchObject({
        ...{ date: "2026-11-22", timestamp: "1795348800", Orgc: { name: "rulemint feed endpoint" } },
        info: expect.stringMatching(/^endpoint: [a-z0-9-]+ from /),
      });
    }
    expect(events.flatMap(({ Event }) => Event.Attribute).length).toBe(withText.length);
  });

  it.each([
    ["10.0.0.1:443", "ip-dst|port", "10.0.0.1|443"],
    ["[2001:db8::1]:80", "ip-dst|port", "2001:db8::1|80"],
    ["10.0.0.0/8", "ip-dst", "10.0.0.0/8"],
    ["b.example", "domain", "b.example"],
    ["b.example:80", "hostname|port", "b.example|80"],
    ["*.b.example", "pattern-in-traffic", "*.b.example"],
    ["b.x:80", "pattern-in-traffic", "b.x:80"],
    ["http://b.example/x", "url", "http://b.example/x"],
    ["a".repeat(64), "sha256", "a".repeat(64)],
  ])("gives %s the type %s and the value %s", (text, type, value) => {
    const { events, hashes } = feedOf([text]);
    expect(events.map(({ Event }) => Event.Attribute)).toMatchObject([[{ type, value, to_ids: true }]]);
    const md5 = (part: string) => createHash("md5").update(part).digest("hex");
    const parts = type.includes("|") ? value.split("|") : [value];
    expect(hashes).toEqual(parts.map((part) => `${md5(part)},${events[0]?.Event.uuid}`));
  });

  it("cuts long lists where ids say so: a new indicator changes few events", () => {
    const names = Array.from({ length: 60_000 }, (_, i) => `n${i}.example`);
    const eventsOf = (lines: readonly string[]) =>
      [...exportAs("misp", lines)].filter(([path]) => /misp\/[0-9a-f-]{36}\.json/.test(path));
    const before = new Map(eventsOf(names));
    const after = eventsOf([...names, "n3000x.example"]);
    expect(before.size).toBeGreaterThan(2);
    const changed = after.filter(([path, text]) => before.get(path) !== text);
    expect(changed.length).toBeLessThanOrEqual(2);
  });
});
