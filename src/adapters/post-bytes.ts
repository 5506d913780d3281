/** One bounded question over HTTP: bytes posted, bytes back, all of them within a time and a size. No redirect is followed. */
import { concatBytes } from "../core/encoding/bytes.js";
import { OperationError, quote, RulemintError } from "../core/errors.js";

export interface Question {
  readonly url: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Media types of the question and of the only answer that counts. */
  readonly type: string;
  readonly answerType: string;
  readonly bytesMax: number;
  /** Connection, answer and all of its bytes. */
  readonly timeoutMs: number;
  readonly fetch?: typeof globalThis.fetch;
}

/** @throws OperationError FETCH_FAILED: nobody answered, or with something else */
export async function postBytes(question: Question): Promise<Uint8Array> {
  try {
    return await ask(question);
  } catch (cause) {
    if (cause instanceof RulemintError) throw cause;
    throw new OperationError("FETCH_FAILED", `expected an answer, got ${quote(reason(cause))}`, { cause });
  }
}

async function ask(question: Question): Promise<Uint8Array> {
  const { type, answerType, bytesMax } = question;
  const response = await (question.fetch ?? globalThis.fetch)(question.url, {
    method: "POST",
    headers: { "content-type": type, accept: answerType },
    body: question.body,
    redirect: "error",
    signal: AbortSignal.timeout(question.timeoutMs),
  });
  const got = response.headers.get("content-type") ?? "none";
  if (response.status !== 200) throw unexpected("status 200", `${response.status}`);
  if (got.split(";")[0]?.trim().toLowerCase() !== answerType) throw unexpected(answerType, quote(got));
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > bytesMax) throw unexpected(`at most ${bytesMax} bytes`, "more");
    parts.push(part);
  }
  return concatBytes(...parts);
}

const unexpected = (expected: string, got: string): OperationError =>
  new OperationError("FETCH_FAILED", `expected ${expected}, got ${got}`);

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return "no answer in time";
  // Node's fetch says "fetch failed" and keeps the reason one level down.
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
