/** A witness over HTTP (C2SP tlog-witness): POST `add-checkpoint`, bounded in time and size, no redirects. */
import { OperationError, RulemintError, quote } from "../../core/errors.js";
import type { VerifierKey } from "../../core/log/verifier-key.js";
import { addCheckpointPath, treeSizeMediaType } from "../../core/log/witness-request.js";
import type { Witness, WitnessAnswer } from "../../ports/witness.js";

export interface WitnessAddress {
  readonly name: string;
  readonly key: VerifierKey;
  /** The submission prefix; `add-checkpoint` is put behind it with one slash between. */
  readonly url: string;
  readonly timeoutMs?: number;
}

const answerBytesMax = 16 * 1024;

export function openHTTPWitness({ name, key, url, timeoutMs = 10_000 }: WitnessAddress): Witness {
  const address = `${url.replace(/\/$/, "")}/${addCheckpointPath}`;
  return {
    name,
    key,
    addCheckpoint: async (request) => {
      try {
        const answer = await fetch(address, {
          method: "POST",
          body: request as Uint8Array<ArrayBuffer>,
          redirect: "error",
          signal: AbortSignal.timeout(timeoutMs),
        });
        return understood(answer, await bodyText(answer));
      } catch (cause) {
        if (cause instanceof RulemintError) throw cause;
        const said = cause instanceof Error ? `${cause.message} ${String(cause.cause ?? "")}` : String(cause);
        throw unavailable(`an answer from ${quote(address)}`, said.trim(), cause);
      }
    },
  };
}

function understood(answer: Response, body: string): WitnessAnswer {
  if (answer.status === 200) return { kind: "cosigned", lines: body };
  const type = answer.headers.get("content-type")?.split(";")[0]?.trim();
  if (answer.status === 409 && type === treeSizeMediaType && /^(?:0|[1-9][0-9]{0,14})\n$/.test(body)) {
    return { kind: "conflict", size: Number(body) };
  }
  throw unavailable("a cosignature", `status ${answer.status}: ${body.trim()}`);
}

async function bodyText(answer: Response): Promise<string> {
  let bytes = new Uint8Array();
  for await (const chunk of answer.body ?? []) {
    bytes = Uint8Array.from([...bytes, ...(chunk as Uint8Array)]);
    if (bytes.length > answerBytesMax) throw unavailable("a short answer", "a longer one");
  }
  return new TextDecoder().decode(bytes);
}

function unavailable(expected: string, got: string, cause?: unknown): OperationError {
  return new OperationError("WITNESS_UNAVAILABLE", `expected ${expected}, got ${quote(got)}`, { cause });
}
