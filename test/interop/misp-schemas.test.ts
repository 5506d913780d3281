/** What we export as a MISP feed against the schema of events and the table of types that PyMISP comes with (test/fixtures/misp). */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { exportInForms } from "../../src/core/rules/export-in-forms.js";
import { everyIndicator, everyRecord, formFacts } from "../support/every-indicator.js";

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/misp/${name}`, import.meta.url), "utf8"));

interface Schema {
  $schema?: string;
  id?: string;
  readonly defs: { readonly sharing_group: { readonly properties: { required?: unknown } } };
}

/** In its own terms but for a list that stands among the members, where draft 4 has schemas alone; we have no sharing groups. */
function eventSchema(): Schema {
  const schema = fixture("schema.json") as Schema;
  delete schema.$schema;
  delete schema.id;
  delete schema.defs.sharing_group.properties.required;
  return schema;
}
const validate = new Ajv({ strict: false, allErrors: true }).compile(eventSchema());
const { category_type_mappings: typesByCategory } = (
  fixture("describeTypes.json") as { result: { category_type_mappings: Record<string, readonly string[]> } }
).result;

interface Attribute {
  readonly [member: string]: unknown;
  readonly type: string;
  readonly category: string;
}
interface EventFile {
  readonly Event: { readonly [member: string]: unknown; readonly Attribute: readonly Attribute[] };
}

function events(): readonly EventFile[] {
  const files = [...exportInForms("ioc", everyRecord, { ioc: ["misp"], sigma: "flat" }, formFacts)].map(
    ({ path, chunks }) => [path, Buffer.concat([...chunks]).toString("utf8")] as const,
  );
  return files
    .filter(([path]) => /[0-9a-f-]{36}\.json$/.test(path))
    .map(([, text]) => JSON.parse(text) as EventFile);
}
const errors = (event: unknown) =>
  validate(event) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`);

describe("a MISP feed by the schema and the types of PyMISP", () => {
  it("has events that the schema takes", () => {
    expect(events().length).toBeGreaterThan(10);
    expect(events().flatMap(errors)).toEqual([]);
  });

  it("gives every indicator a type of its category", () => {
    const attributes = events().flatMap(({ Event }) => Event.Attribute);
    expect(attributes.length).toBe(everyIndicator.length);
    const others = attributes.filter(
      ({ type, category }) => typesByCategory[category]?.includes(type) !== true,
    );
    expect(others).toEqual([]);
  });

  it.each<[string, (event: EventFile["Event"]) => object]>([
    ["an attribute of another form", (event) => ({ Attribute: [{ ...event.Attribute[0], to_ids: "yes" }] })],
    ["a member that MISP does not know", () => ({ rulemint: 1 })],
    ["a text in place of whether it is published", () => ({ published: "true" })],
    ["a time that is a number", () => ({ timestamp: 1_795_348_800 })],
    ["an organisation without its uuid", () => ({ Orgc: { name: "rulemint" } })],
  ])("and the schema takes none with %s", (_, lie) => {
    const { Event: event } = events()[0] as EventFile;
    const bent = JSON.parse(JSON.stringify({ Event: { ...event, ...lie(event) } })) as object;
    expect(errors(bent)).not.toEqual([]);
  });
});
