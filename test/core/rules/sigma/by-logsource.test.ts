/** Sigma rules in folders of what they look at. */
import { describe, expect, it } from "vitest";
import { exportByLogsource } from "../../../../src/core/rules/sigma/by-logsource.js";
import { sigmaLanguage } from "../../../../src/core/rules/sigma/language.js";
import { exported, parse, someID } from "./helpers.js";

function pathsOf(text: string): string[] {
  const { records } = sigmaLanguage.merge([parse(text)]);
  expect(records.length).toBe(1);
  return [...exportByLogsource(records)].map(({ path }) => path.replace(`${someID}.yml`, "*"));
}

const rule = (logsource: string) =>
  `title: T\nid: ${someID}\nlogsource:${logsource}\ndetection:\n    s: {A: 1}\n    condition: s\n`;
const correlation =
  "correlation:\n    type: event_count\n    rules: [a]\n    timespan: 1m\n    condition: {gte: 2}\n";

describe("SPEC §3.10.6 Sigma by logsource", () => {
  it.each([
    ["\n    category: process_creation\n    product: windows", "process_creation/windows/*"],
    ["\n    product: windows\n    service: security", "any/windows/security/*"],
    ["\n    category: proxy", "proxy/*"],
    ["\n    service: ssh\n    category: Auth", "auth/any/ssh/*"],
    ["\n    definition: by hand", "any/*"],
    ["\n    category: ../../etc", "%2E._.._etc/*"],
    ["\n    category: '..'", "%2E%2E/*"],
    ["\n    product: 'a: b'", "any/a%3A b/*"],
    ["\n    product: |\n        two\n        lines", "any/other/*"],
    ["\n    product: ''", "any/%/*"],
    [`\n    product: ${"🦊".repeat(200)}`, `any/${"🦊".repeat(48)}/*`],
  ])("puts a rule with%s in %s", (logsource, path) => {
    expect(pathsOf(rule(logsource))).toEqual([path]);
  });

  it("takes no word of a text for a log source", () => {
    const text = rule("\n    category: dns").replace(
      "id:",
      "description: |-\n    logsource:\n        category: x\nid:",
    );
    expect(pathsOf(text)).toEqual(["dns/*"]);
  });

  it("puts correlations below their kind, and changes no text", () => {
    const text = `title: T\nid: ${someID}\n${correlation}`;
    expect(pathsOf(text)).toEqual(["correlation/*"]);
    const { records } = sigmaLanguage.merge([parse(text)]);
    const [file] = [...exportByLogsource(records)];
    expect(Buffer.concat([...(file?.chunks ?? [])]).toString()).toBe(exported([parse(text)])[0]?.text);
  });
});
