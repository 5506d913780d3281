/** An indicator of every type, and of what the forms of platforms find hard to write. */
import { iocLanguage } from "../../src/core/rules/ioc/language.js";
import { sourceFile } from "./line-languages.js";

export const everyIndicator: readonly string[] = [
  ...["a".repeat(32), "b".repeat(40), "c".repeat(64), "d".repeat(128), "10.0.0.1", "10.0.0.0/8"],
  ...["10.0.0.1:443", "2001:db8::1", "2001:db8::/32", "[2001:db8::1]:80", "b.example", "*.b.example"],
  ...["b.example:8080", "http://b.example/it's?a=\\1", "http://b.example/ü", "b.example/a(1)", "/gate.php"],
  "^a[0-9]+\\.example",
];

export const { records: everyRecord } = iocLanguage.merge([
  iocLanguage.parse(sourceFile("ioc/list.txt", everyIndicator.join("\n"))),
]);

/** Of the release that forms name. */
export const formFacts = {
  feed: "endpoint",
  release: 7,
  databaseSha256: "ab".repeat(32),
  createdAt: "2026-11-22T12:00:00Z",
};
