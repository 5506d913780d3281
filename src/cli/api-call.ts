/**
 * One call of the service's interface. A problem document becomes an error with its own code, so that a refusal reads the same here as at the
 * service; anything else that is not an answer is FETCH_FAILED or SERVER_REFUSED.
 */
import { isErrorCode, OperationError, quote, RulemintError, UsageError } from "../core/errors.js";
import { hintForTLS } from "../core/hints.js";
import { errorOf } from "./error-of.js";
import type { components } from "./generated/api.js";

type Problem = components["schemas"]["Problem"];

/** What the access log is told with every call. */
export interface Said {
  readonly reason?: string | undefined;
  /** Id of the visit that the call belongs to. */
  readonly visit?: string | undefined;
}

export function saidHeaders({ reason, visit }: Said): Record<string, string> {
  return {
    ...(reason && { "Rulemint-Reason": encodeURIComponent(reason) }),
    ...(visit && { "Rulemint-Visit": encodeURIComponent(visit) }),
  };
}

export class Call {
  readonly #base: URL;
  readonly #token: string;

  readonly #said: Readonly<Record<string, string>>;

  constructor(server: string, token: string, said: Said) {
    const base = URL.canParse(server) ? new URL(server) : undefined;
    if (base === undefined || !/^https?:$/.test(base.protocol)) {
      throw new UsageError(
        "USAGE",
        `expected the server's address as http(s)://HOST:PORT, got ${quote(server)}`,
      );
    }
    // Said here, because the message of a refused header would repeat the token.
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new UsageError(
        "USAGE",
        "expected a token of printable characters without spaces, got another text",
      );
    }
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.#base = base;
    this.#token = token;
    this.#said = saidHeaders(said);
  }

  async json<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const init = body === undefined ? {} : posted(body);
    return this.#parse<T>(await this.#send(path, { ...init, method }), path);
  }

  async upload<T>(path: string, chunks: AsyncIterable<Uint8Array>): Promise<T> {
    // A body that is still being made needs `duplex`, which the type of RequestInit does not know yet.
    const init = {
      method: "POST",
      body: chunks as unknown as RequestInit["body"],
      duplex: "half",
      headers: { "Content-Type": "application/x-tar" },
    } as RequestInit;
    return this.#parse<T>(await this.#send(path, init), path);
  }

  async whole(path: string, body?: unknown): Promise<Uint8Array> {
    const response = await this.#send(path, body === undefined ? { method: "GET" } : posted(body));
    return new Uint8Array(await response.arrayBuffer());
  }

  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#send(path, { method: "GET" });
    try {
      for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
    } catch (cause) {
      throw unreachable(this.#base, cause);
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const given = init.headers as Record<string, string>;
    // RFC 9112 §9.3.1: the service may close a kept connection just as a request goes out, and what changes something is not sent twice.
    const headers = { ...given, ...this.#said, Authorization: `Bearer ${this.#token}`, Connection: "close" };
    let response: Response;
    try {
      response = await fetch(new URL(path, this.#base), { ...init, headers, redirect: "error" });
    } catch (cause) {
      // What the body's own source threw is the cause, not the network.
      if (cause instanceof Error && cause.cause instanceof RulemintError) throw cause.cause;
      if (cause instanceof RulemintError) throw cause;
      throw unreachable(this.#base, cause);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async #parse<T>(response: Response, path: string): Promise<T> {
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw new OperationError("SERVER_REFUSED", `expected JSON from ${quote(path)}, got other bytes`, {
        cause,
      });
    }
  }
}

function posted(body: unknown): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

async function refusal(response: Response): Promise<RulemintError> {
  const type = response.headers.get("content-type") ?? "";
  const problem = type.startsWith("application/problem+json") ? await parseProblem(response) : undefined;
  if (problem === undefined) {
    return new OperationError("SERVER_REFUSED", `expected an answer, got status ${response.status}`);
  }
  const requestID = response.headers.get("x-request-id");
  const details = {
    status: problem.status,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(problem.submission === undefined ? {} : { submission: problem.submission }),
    ...(problem.where.length === 0 ? {} : whereOf(problem)),
    ...(problem.code === "INTERNAL" && requestID !== null ? { requestID } : {}),
  };
  return errorOf(problem.code, problem.detail, details);
}

function whereOf(problem: Problem): Record<string, unknown> {
  const findings = problem.where.filter((one) => "path" in one);
  const pointers = problem.where.filter((one) => "pointer" in one);
  return {
    ...(findings.length > 0 ? { findings } : {}),
    ...(pointers.length > 0 ? { where: pointers } : {}),
  };
}

/** Undefined for what is no problem document of ours, or one of a later service with a code unknown here. */
async function parseProblem(response: Response): Promise<Problem | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = body as Partial<Problem> | undefined;
  const sound =
    isErrorCode(problem?.code) && typeof problem.detail === "string" && Array.isArray(problem.where);
  if (!sound) return undefined;
  return problem as Problem;
}

function unreachable(base: URL, cause: unknown): OperationError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const said =
    inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner);
  const hint = hintForTLS(said);
  return new OperationError("FETCH_FAILED", `expected an answer from ${base.origin}, got ${quote(said)}`, {
    cause,
    ...(hint !== undefined && { details: { hint } }),
  });
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

export function formatQuery(query: Readonly<Record<string, QueryValue>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) given.append(name, String(one));
  }
  return given.size === 0 ? "" : `?${given}`;
}
