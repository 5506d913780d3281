/**
 * Requests are held against openapi.yaml before a route runs. The validator writes a pattern for every path that it knows at every
 * request; so what comes in bursts, submissions, has a contract of its own, a part of the whole one.
 */
import { type RequestHandler, Router } from "express";
import * as contract from "express-openapi-validator";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { contractPath } from "./serve-reference.js";

type Contract = Exclude<Parameters<typeof contract.middleware>[0]["apiSpec"], string>;

const submissions = /^\/v1\/submissions(\/|$)/;

/** @param validateResponses answers too; for tests */
export function checkContract(validateResponses: boolean): RequestHandler {
  const text = readFileSync(contractPath, "utf8");
  const [ofSubmissions, ofOthers] = [true, false].map((are) =>
    checkPart(
      partOf(text, (path) => submissions.test(path) === are),
      validateResponses,
    ),
  ) as [RequestHandler, RequestHandler];
  return (request, response, next) =>
    (submissions.test(request.path) ? ofSubmissions : ofOthers)(request, response, next);
}

function checkPart(apiSpec: Contract, validateResponses: boolean): RequestHandler {
  return Router().use(
    contract.middleware({
      apiSpec,
      validateRequests: true,
      validateResponses,
      validateSecurity: false,
      // The linter of the tests sees to it that it is a contract; at every start that would cost 20 MB.
      validateApiSpec: validateResponses,
      fileUploader: false,
    }),
  );
}

/** The validator changes what it is given: each part is read anew. */
function partOf(text: string, isPart: (path: string) => boolean): Contract {
  const whole = parse(text, { merge: true }) as Contract;
  const paths = Object.entries(whole.paths ?? {}).filter(([path]) => isPart(path));
  return { ...whole, paths: Object.fromEntries(paths) };
}
