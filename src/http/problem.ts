/**
 * Every error becomes one problem document (RFC 9457), here and nowhere else. Our own errors keep their code
 * and message; what nobody foresaw becomes INTERNAL and says nothing about the inside.
 */
import type { ErrorRequestHandler } from "express";
import { type ErrorCode, errorTable, RulemintError } from "../core/errors.js";
import { hintFor } from "../core/hints.js";
import type { Finding } from "../core/rules/model.js";

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint?: string;
  readonly submission?: string;
  readonly where: readonly (Finding | { readonly pointer: string; readonly message: string })[];
}

interface Answer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

const findingsMax = 1000;

/** `explain` shows what went wrong inside; for tests. */
export function problemHandler(explain: boolean): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    response.locals.error = error;
    if (response.headersSent) return next(error);
    const { problem, headers } = answerOf(error, explain);
    response.set(headers).status(problem.status).type("application/problem+json");
    response.json(problem);
  };
}

function answerOf(error: unknown, explain: boolean): Answer {
  if (error instanceof RulemintError) return ours(error);
  const foreign = (typeof error === "object" && error !== null ? error : {}) as ForeignError;
  const code = codeOfStatus(foreign.status);
  if (code === "INTERNAL") {
    const detail =
      explain && error instanceof Error ? (error.stack ?? error.message) : "expected no fault of ours";
    return { problem: problem(code, detail, []), headers: {} };
  }
  const parts = (foreign.errors ?? []).map((one) => ({
    pointer: one.path ?? "",
    message: one.message ?? "",
  }));
  const detail = typeof foreign.message === "string" ? foreign.message : "expected another request";
  return { problem: problem(code, detail, parts), headers: foreign.headers ?? {} };
}

/** What express, its body parsers and the contract's validator throw. */
interface ForeignError {
  readonly status?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: readonly { readonly path?: string; readonly message?: string }[];
}

function codeOfStatus(status: number | undefined): ErrorCode {
  switch (status) {
    case 400:
      return "REQUEST_INVALID";
    case 404:
      return "NOT_FOUND";
    case 405:
      return "METHOD_REFUSED";
    case 413:
      return "FILE_TOO_LARGE";
    case 415:
      return "MEDIA_TYPE_REFUSED";
    default:
      return "INTERNAL";
  }
}

function ours(error: RulemintError): Answer {
  const { findings, submission, hint } = error.details as Readonly<Record<string, unknown>>;
  const made = problem(
    error.code,
    error.message,
    Array.isArray(findings) ? findings.slice(0, findingsMax) : [],
  );
  return {
    problem: {
      ...made,
      ...(typeof hint === "string" ? { hint } : {}),
      ...(typeof submission === "string" ? { submission } : {}),
    },
    headers: made.status === 401 ? { "WWW-Authenticate": 'Bearer realm="rulemint"' } : {},
  };
}

function problem(code: ErrorCode, detail: string, where: Problem["where"]): Problem {
  const words = code.toLowerCase().replaceAll("_", " ");
  const hint = hintFor(code);
  return {
    type: `urn:rulemint:error:${code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: errorTable[code].http,
    code,
    detail,
    ...(hint === undefined ? {} : { hint }),
    where,
  };
}
