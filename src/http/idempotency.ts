/**
 * `Idempotency-Key` on any request that changes something: the answer of the first time, for a day, marked `Idempotency-Replayed: true`.
 * Failures of the world (5xx) are not kept: they may go better the next time.
 */
import type { RequestHandler, Response } from "express";
import { UsageError } from "../core/errors.js";
import type { ServiceContext } from "../services/context.js";
import { forgetKey, type KeyedRequest, keepAnswer, keyedRequest, takeKey } from "../services/idempotency.js";
import { isDryRun } from "./dry-run.js";
import { identityOf } from "./authenticate.js";

const answerCharactersMax = 4 * 1024 * 1024;

/** Behind `authenticate` and the body's parser. */
export function answerOnce(context: ServiceContext): RequestHandler {
  return async (request, response, next) => {
    const key = request.get("Idempotency-Key");
    // An answer that shows a secret is kept by nobody, and neither is one to a dry run, which keeps nothing.
    if (request.path === "/v1/tokens" || isDryRun(request)) return next();
    if (key === undefined || request.method !== "POST" || !request.path.startsWith("/v1/")) return next();
    if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
      throw new UsageError(
        "REQUEST_INVALID",
        "expected an Idempotency-Key of up to 200 printable characters",
      );
    }
    // A stream is not read twice; its address and its length stand for it.
    const body =
      request.body === undefined ? (request.get("Content-Length") ?? "") : JSON.stringify(request.body);
    const said = JSON.stringify([request.method, request.originalUrl, body]);
    const keyed = await keyedRequest(identityOf(response), key, said);
    const kept = await takeKey(context, keyed);
    if (kept === undefined) {
      keepWhenAnswered(context, keyed, response);
      return next();
    }
    response.set("Idempotency-Replayed", "true").status(kept.status).type(kept.type);
    if (kept.location !== null) response.location(kept.location);
    response.send(kept.body);
  };
}

/** The answer goes out when it is kept, or when that failed: what was done was done, and is said. */
function keepWhenAnswered(context: ServiceContext, keyed: KeyedRequest, response: Response): void {
  const send = response.json.bind(response);
  let answered = false;
  response.json = (value: unknown) => {
    answered = true;
    const body = JSON.stringify(value);
    const status = response.statusCode;
    const lasting = status < 500 && status !== 401 && status !== 429 && body.length <= answerCharactersMax;
    const type = response.get("Content-Type") ?? "application/json";
    const answer = { status, location: response.get("Location") ?? null, type, body };
    const done = lasting ? keepAnswer(context, keyed, answer) : forgetKey(context, keyed);
    done.then(
      () => send(value),
      () => send(value),
    );
    return response;
  };
  response.on("close", () => {
    if (!answered) forgetKey(context, keyed).catch(() => undefined);
  });
}
