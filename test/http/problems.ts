/** Refusals as the contract describes them. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { parse } from "yaml";
import { type ErrorCode, errorTable } from "../../src/core/errors.js";
import type { Problem } from "../../src/http/problem.js";

const contract = parse(readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8")) as object;
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(contract, "contract");
const isProblem = ajv.compile({ $ref: "contract#/components/schemas/Problem" });

/** The problem, after everything that holds for each of them. */
export async function problemOf(response: Response, code: ErrorCode): Promise<Problem> {
  const text = await response.text();
  expect(text).toContain(`"code":"${code}"`);
  const problem = JSON.parse(text) as Problem;
  expect(isProblem(problem), JSON.stringify(isProblem.errors)).toBe(true);
  expect(response.status).toBe(errorTable[code].http);
  expect(problem).toMatchObject({ type: `urn:rulemint:error:${code}`, status: response.status });
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  return problem;
}
