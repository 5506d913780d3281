/** The forms of an export, read anew: what is sound passes, and each lie is seen. */
import { describe, expect, it } from "vitest";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { type JSONValue, parseJSON } from "../../../src/core/encoding/json.js";
import { checkIndicatorForms, checkSigmaFolders } from "../../../src/core/rules/check-forms.js";
import type { IOCForm } from "../../../src/core/rules/export-forms.js";
import { exportInForms } from "../../../src/core/rules/export-in-forms.js";
import { readIndicatorRows } from "../../../src/core/rules/ioc/check-csv.js";
import { readFeed } from "../../../src/core/rules/ioc/check-misp.js";
import { readBundle } from "../../../src/core/rules/ioc/check-stix.js";
import { iocLanguage } from "../../../src/core/rules/ioc/language.js";
import { sigmaLanguage } from "../../../src/core/rules/sigma/language.js";
import { sourceFile } from "../../support/line-languages.js";

const facts = {
  ...{ feed: "endpoint", release: 7, databaseSha256: "ab".repeat(32) },
  createdAt: "2026-11-22T12:00:00Z",
};
const lines = [
  ...["a".repeat(32), "b".repeat(40), "c".repeat(64), "d".repeat(128), "10.0.0.1", "10.0.0.0/8"],
  ...["10.0.0.1:443", "2001:db8::1", "2001:db8::/32", "[2001:db8::1]:80", "b.example", "*.bad_name.example"],
  ...[
    "b.example:8080",
    "b.x:80",
    "http://b.example/it's?a=\\1",
    'http://b.example/"a,b"',
    "http://b.example/ü",
  ],
  ...["b.example/a(1)", "b.example/a?b|80", "/gate.php", "^a[0-9]+\\.example", "xn--bcher-kva.example"],
];
const { records } = iocLanguage.merge([iocLanguage.parse(sourceFile("ioc/list.txt", lines.join("\n")))]);

function files(form: IOCForm): Map<string, string> {
  const made = exportInForms("ioc", records, { ioc: [form], sigma: "flat" }, facts);
  return new Map([...made].map(({ path, chunks }) => [path, Buffer.concat([...chunks]).toString("utf8")]));
}
const only = (form: IOCForm) => [...files(form).values()].join("");
const json = (text: string): JSONValue => parseJSON(utf8Bytes(text));
const malformed = (part: RegExp) =>
  expect.objectContaining({ code: "ENCODING_MALFORMED", message: expect.stringMatching(part) });

describe("SPEC §17.6.8 the forms of indicators", () => {
  it("say every type of indicator again, under one id", () => {
    expect(records.length).toBe(lines.length);
    expect(checkIndicatorForms(records, facts)).toEqual([]);
  });

  it("and not one that no list could have: it is named", () => {
    const [mark] = records.at(-1) as string;
    const found = checkIndicatorForms([`${mark}a\xff.example`], facts);
    expect(found.map(({ message }) => message)).toEqual([
      "expected it in csv, got another indicator",
      "expected it in stix, got another indicator",
      "expected it in misp, got another indicator",
    ]);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ["a field behind a quote", (text) => text.replace('""a', '"a'), /RFC 4180/],
    ["a line of LF alone", (text) => text.replace("\r\n", "\n"), /RFC 4180|rows below/],
    ["a fourth field", (text) => text.replace(/\r\n$/, ",\r\n"), /three fields/],
    ["another header", (text) => text.replace("value", "indicator"), /rows below/],
    ["an end within a row", (text) => `${text}ipv4,`, /rows below/],
  ])("CSV with %s is refused", (_, lie, expected) => {
    expect(readIndicatorRows(only("csv")).length).toBe(records.length);
    expect(() => readIndicatorRows(lie(only("csv")))).toThrowError(malformed(expected));
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ["no bundle", (text) => text.replace('"bundle"', '"report"'), /a bundle/],
    [
      "an id of another type",
      (text) => text.replace('"id":"indicator', '"id":"malware'),
      /id and spec_version/,
    ],
    [
      "an id that is no UUID",
      (text) => text.replace(/(indicator--)....../, "$1zzzzzz"),
      /id and spec_version/,
    ],
    ["another version", (text) => text.replace('"2.1"', '"2.0"'), /id and spec_version/],
    [
      "a time without a zone",
      (text) => text.replace('.000Z","valid', '.000","valid'),
      /created before modified/,
    ],
    [
      "changes before it was made",
      (text) => text.replace('"modified":"2026', '"modified":"1960'),
      /created before modified/,
    ],
    ["no valid_from", (text) => text.replace('"valid_from"', '"valid_to"'), /valid_from/],
    ["another language", (text) => text.replace('"stix"', '"sigma"'), /pattern_type/],
    ["an empty list", (text) => text.replace('["malicious-activity"]', "[]"), /no empty member/],
    ["no author", (text) => text.replace('"name":"rulemint', '"alias":"rulemint'), /the author/],
    ["a quote that ends early", (text) => text.replace("it\\\\'s?a", "it's?a"), /comparisons/],
    ["a pattern of half a bracket", (text) => text.replace(/'\]"/, "'\""), /one observation/],
    ["another operator", (text) => text.replace("ISSUBSET", "IN"), /comparisons/],
    [
      "an expression that is none",
      (text) => text.replace("MATCHES '^a[0-9]+", "MATCHES '^a[0-9+"),
      /regular expression/,
    ],
    ["nothing behind AND", (text) => text.replace(/ AND [^A]*\]"/, ' AND ]"'), /comparisons/],
  ])("STIX with %s is refused", (_, lie, expected) => {
    expect(readBundle(json(only("stix"))).length).toBe(records.length);
    const bent = lie(only("stix"));
    expect(bent).not.toBe(only("stix"));
    expect(() => readBundle(json(bent))).toThrowError(malformed(expected));
  });

  it("STIX with an object twice is refused", () => {
    const twice = only("stix").replace(/({"type":"indicator".*),\n/, "$1,\n$1,\n");
    expect(() => readBundle(json(twice))).toThrowError(malformed(/each id once/));
  });

  it.each<[string, (feed: Map<string, string>) => unknown, RegExp]>([
    ["no manifest", (feed) => feed.delete("manifest.json"), /manifest.json in the feed/],
    ["an event that is not there", (feed) => feed.delete(eventPath(feed)), /no file beside/],
    ["an event that the manifest does not know", (feed) => feed.set("x.json", "{}"), /no file beside/],
    ["another event's uuid", (feed) => bend(feed, /"uuid":"....../, '"uuid":"000000'), /the event/],
    ["another info than the manifest", (feed) => bend(feed, /"info":"/, '"info":"x'), /info of the event/],
    [
      "another time than the manifest",
      (feed) => bend(feed, /"timestamp":"1/, '"timestamp":"2'),
      /timestamp of/,
    ],
    ["no attribute", (feed) => bend(feed, /"Attribute":\[.*\]/s, '"Attribute":[]'), /attributes in/],
    ["a type that MISP lacks", (feed) => bend(feed, /"type":"md5"/, '"type":"md6"'), /a type and category/],
    ["another category", (feed) => bend(feed, /Payload delivery/, "Other"), /a type and category/],
    ["a value of another type", (feed) => bend(feed, /"value":"a/, '"value":"z'), /a value that MISP takes/],
    [
      "an event that is not published",
      (feed) => bend(feed, /"published":true/, '"published":false'),
      /published/,
    ],
    ["a hash of another value", (feed) => change(feed, "hashes.csv", /^./, "z"), /in hashes.csv/],
    ["one hash too few", (feed) => change(feed, "hashes.csv", /^.*\n/, ""), /in hashes.csv/],
  ])("a MISP feed with %s is refused", (_, lie, expected) => {
    const feed = feedOf();
    expect(read(feed).length).toBe(records.length);
    lie(feed);
    expect(() => read(feed)).toThrowError(malformed(expected));
  });
});

const feedOf = () => new Map([...files("misp")].map(([path, text]) => [path.slice("misp/".length), text]));
const read = (feed: ReadonlyMap<string, string>) =>
  readFeed(new Map([...feed].map(([path, text]) => [path, utf8Bytes(text)])), (bytes) =>
    json(utf8Text(bytes)),
  );
/** The event of MD5 hashes, which stand first. */
const eventPath = (feed: ReadonlyMap<string, string>) => [...feed.keys()][0] as string;
const bend = (feed: Map<string, string>, from: RegExp, to: string) => change(feed, eventPath(feed), from, to);
function change(feed: Map<string, string>, path: string, from: RegExp, to: string): void {
  const text = feed.get(path) as string;
  expect(text).toMatch(from);
  feed.set(path, text.replace(from, to));
}

describe("SPEC §17.6.8 Sigma by log source", () => {
  const rule = (id: number, logsource: string) => `title: T${id}
id: 00000000-0000-4000-8000-00000000000${id}
logsource:
  ${logsource}
detection:
  a:
    b: "c: 'd' # e"
  condition: a
`;
  const text = [
    rule(1, "product: windows"),
    rule(2, "category: Web/Server"),
    rule(3, "service: 'null'"),
  ].join("---\n");
  const { records: rules } = sigmaLanguage.merge([sigmaLanguage.parse(sourceFile("s/a.yml", text))]);

  it("has every rule in a file of its own, as it is", () => {
    expect(rules.length).toBe(3);
    expect(checkSigmaFolders(rules, facts)).toEqual([]);
  });

  it("names one that does not come back, and one whose file another has", () => {
    const [first = "", second = ""] = rules;
    const bent = second.replace("condition", "conditions");
    expect(checkSigmaFolders([first, bent], facts)).toEqual([
      {
        rule: "00000000-0000-4000-8000-000000000002",
        message: expect.stringMatching(/^expected it in .*, got /),
      },
    ]);
    expect(checkSigmaFolders([first, first], facts)).toEqual([
      { rule: "00000000-0000-4000-8000-000000000001", message: expect.stringMatching(/twice$/) },
    ]);
  });
});
