/**
 * JSON Schemas (draft 2020-12) for the three kinds of Sigma documents, written by us after the Sigma
 * specification 2.1.0 (rules, correlation rules, filters). They say which types and words the fields take;
 * what refers to what is checked in core. Fields that the specification does not name are free, as it says.
 */

const text = { type: "string" } as const;
const words = { type: "array", uniqueItems: true, items: text } as const;
const longWords = { type: "array", uniqueItems: true, items: { type: "string", minLength: 2 } } as const;
/** §Date: ISO 8601 with separators. */
const date = { type: "string", pattern: "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$" } as const;
const uuid = { type: "string", format: "uuid" } as const;

/** What every kind of document may carry. */
const head = {
  title: { type: "string", minLength: 1, maxLength: 256 },
  id: uuid,
  name: { type: "string", maxLength: 256 },
  related: {
    type: "array",
    items: {
      type: "object",
      required: ["id", "type"],
      properties: { id: uuid, type: { enum: ["derived", "obsolete", "merged", "renamed", "similar"] } },
    },
  },
  taxonomy: { type: "string", maxLength: 256 },
  status: { enum: ["stable", "test", "experimental", "deprecated", "unsupported"] },
  description: { type: "string", maxLength: 65535 },
  license: text,
  author: text,
  references: words,
  date,
  modified: date,
  tags: {
    type: "array",
    uniqueItems: true,
    items: { type: "string", pattern: "^[a-z0-9_-]+\\.[a-z0-9._-]+$" },
  },
  scope: longWords,
  level: { enum: ["informational", "low", "medium", "high", "critical"] },
} as const;

const logsource = {
  type: "object",
  minProperties: 1,
  properties: { category: text, product: text, service: text, definition: text },
} as const;

/** §Search-Identifier: a mapping, or a list of mappings and words. */
const selection = {
  type: ["object", "array"],
  minProperties: 1,
  minItems: 1,
  items: { type: ["string", "integer", "number", "object"] },
} as const;

/** §Condition: one, or a list of which each makes a query. */
const conditions = { type: ["string", "array"], minItems: 1, items: text } as const;

export const detectionSchema = {
  $id: "rulemint:sigma-detection",
  type: "object",
  required: ["title", "logsource", "detection"],
  properties: {
    ...head,
    logsource,
    detection: {
      type: "object",
      required: ["condition"],
      properties: { condition: conditions, timeframe: text },
      additionalProperties: selection,
    },
    fields: words,
    falsepositives: longWords,
  },
} as const;

const counts = { type: "integer" } as const;

export const correlationSchema = {
  $id: "rulemint:sigma-correlation",
  type: "object",
  required: ["title", "correlation"],
  properties: {
    ...head,
    falsepositives: { type: ["string", "array"], uniqueItems: true, items: text },
    generate: { type: "boolean" },
    correlation: {
      type: "object",
      required: ["type", "rules", "timespan"],
      properties: {
        type: {
          enum: [
            "event_count",
            "value_count",
            "temporal",
            "temporal_ordered",
            "value_sum",
            "value_avg",
            "value_percentile",
          ],
        },
        rules: { type: "array", minItems: 1, uniqueItems: true, items: { type: "string", minLength: 2 } },
        aliases: { type: "object", additionalProperties: { type: "object", additionalProperties: text } },
        "group-by": words,
        timespan: { type: "string", pattern: "^\\d+[smhd]$", maxLength: 10 },
        condition: {
          type: "object",
          minProperties: 1,
          properties: {
            ...Object.fromEntries(["gt", "gte", "lt", "lte", "eq", "neq"].map((one) => [one, counts])),
            field: { type: ["string", "array"], maxLength: 256, items: { type: "string", maxLength: 256 } },
          },
          additionalProperties: false,
        },
      },
      allOf: [
        unless(["event_count", "value_count", "value_sum", "value_avg", "value_percentile"], {
          required: ["condition", "group-by"],
        }),
        unless(["temporal", "temporal_ordered"], { required: ["group-by"] }),
        unless(["value_count", "value_sum", "value_avg", "value_percentile"], {
          properties: { condition: { type: "object", required: ["field"] } },
        }),
      ],
    },
  },
} as const;

export const filterSchema = {
  $id: "rulemint:sigma-filter",
  type: "object",
  required: ["title", "logsource", "filter"],
  properties: {
    ...head,
    logsource,
    filter: {
      type: "object",
      required: ["rules", "condition"],
      properties: { rules: { ...words, minItems: 1 }, condition: text },
      additionalProperties: selection,
    },
  },
} as const;

/** What follows from the type of a correlation: it is another one, or the rest holds. */
function unless(types: readonly string[], rest: object): object {
  return { anyOf: [{ properties: { type: { not: { enum: types } } } }, rest] };
}
