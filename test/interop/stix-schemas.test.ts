/** What we export as STIX 2.1 against the schemas that OASIS publishes for it (test/fixtures/stix-2.1), every type of indicator. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { exportInForms } from "../../src/core/rules/export-in-forms.js";
import { everyIndicator, everyRecord, formFacts } from "../support/every-indicator.js";

const folder = new URL("../fixtures/stix-2.1/", import.meta.url);
const address = "http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/schemas/";
const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
for (const path of readdirSync(fileURLToPath(folder), { recursive: true, encoding: "utf8" })) {
  if (path.endsWith(".json"))
    ajv.addSchema(JSON.parse(readFileSync(new URL(path, folder), "utf8")) as object);
}

interface STIXObject {
  readonly type: string;
  readonly [member: string]: unknown;
}

function objects(): readonly STIXObject[] {
  const [file] = exportInForms("ioc", everyRecord, { ioc: ["stix"], sigma: "flat" }, formFacts);
  const text = Buffer.concat([...(file?.chunks ?? [])]).toString("utf8");
  return (JSON.parse(text) as { objects: STIXObject[] }).objects;
}

function errors(one: STIXObject): readonly string[] {
  const validate = ajv.getSchema(`${address}sdos/${one.type}.json`);
  if (validate === undefined) throw new Error(`expected a schema of ${one.type}`);
  return validate(one) === true
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe("STIX 2.1 by the schemas of OASIS", () => {
  it("takes the identity and every type of indicator", () => {
    const all = objects();
    expect(all.map(({ type }) => type).filter((type) => type === "indicator").length).toBe(
      everyIndicator.length,
    );
    expect(all.flatMap(errors)).toEqual([]);
  });

  it.each<[string, object]>([
    ["an id that is no UUID", { id: "indicator--1" }],
    ["another version", { spec_version: "2.2" }],
    ["no pattern", { pattern: undefined }],
    ["no valid_from", { valid_from: undefined }],
    ["a time of another form", { modified: "2026-11-22 12:00:00" }],
    ["types that are no list", { indicator_types: "malicious-activity" }],
  ])("and not one with %s", (_, lie) => {
    const bent = JSON.parse(JSON.stringify({ ...objects().at(-1), ...lie })) as STIXObject;
    expect(errors(bent)).not.toEqual([]);
  });
});
