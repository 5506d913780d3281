/**
 * Answers that are given once. A caller that does not know whether its request arrived sends it again under the same key and gets the answer
 * of the first time; the work is not done twice, also when both arrive at once or the service was restarted in between.
 */
import { hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { OperationError, PolicyError, RulemintError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { timeText } from "./documents.js";
import type { Identity } from "./model.js";

export interface KeptAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly type: string;
  readonly body: string;
}

/** Collection `idempotency`, id = SHA-256 over identity and key. */
interface KeyRecord {
  /** Of method, address and JSON body: one key, one request. */
  readonly request: string;
  readonly at: string;
  /** Null while the first one is under way. */
  readonly answer: KeptAnswer | null;
}

type KeyContext = Pick<ServiceContext, "records" | "clock">;

/** A request that has not answered by then has died with its process. */
const underWayMs = 10 * 60_000;
const keptMs = 24 * 3_600_000;

export interface KeyedRequest {
  readonly id: string;
  readonly request: string;
}

export async function keyedRequest(identity: Identity, key: string, request: string): Promise<KeyedRequest> {
  const digest = async (text: string) => hexText(await sha256(utf8Bytes(text)));
  return { id: await digest(JSON.stringify([identity.name, key])), request: await digest(request) };
}

/**
 * The kept answer, or undefined: then the caller does the work and calls `keepAnswer` or `forgetKey`.
 * @throws PolicyError IDEMPOTENCY_MISMATCH; OperationError RECORD_CONFLICT while the first one is under way
 */
export async function takeKey(
  { records, clock }: KeyContext,
  { id, request }: KeyedRequest,
): Promise<KeptAnswer | undefined> {
  const now = clock.now().getTime();
  const found = await records.get<KeyRecord>("idempotency", id);
  const age = found === undefined ? 0 : now - Date.parse(found.body.at);
  const over = found?.body.answer === null ? age > underWayMs : age > keptMs;
  if (found !== undefined && !over) {
    // SPEC §17.7.1: one key, one request.
    if (found.body.request !== request) {
      throw new PolicyError("IDEMPOTENCY_MISMATCH", "expected the request that this key was first sent with");
    }
    if (found.body.answer !== null) return found.body.answer;
    throw new OperationError(
      "RECORD_CONFLICT",
      "expected a key that is not in use, got one whose request is under way",
    );
  }
  const body: KeyRecord = { request, at: timeText(clock.now()), answer: null };
  await records.commit([{ collection: "idempotency", id, expected: found?.version ?? 0, body }]);
  return undefined;
}

export async function keepAnswer(context: KeyContext, key: KeyedRequest, answer: KeptAnswer): Promise<void> {
  await change(context, key, answer);
}

/** For what may go better the next time. */
export async function forgetKey(context: KeyContext, key: KeyedRequest): Promise<void> {
  await change(context, key, undefined);
}

async function change(
  { records, clock }: KeyContext,
  { id, request }: KeyedRequest,
  answer: KeptAnswer | undefined,
): Promise<void> {
  const found = await records.get<KeyRecord>("idempotency", id);
  if (found === undefined || found.body.answer !== null) return;
  const body: KeyRecord | null = answer === undefined ? null : { request, at: timeText(clock.now()), answer };
  try {
    await records.commit([{ collection: "idempotency", id, expected: found.version, body }]);
  } catch (error) {
    // Somebody took over a key that was given up; the answer is theirs to keep.
    if (!(error instanceof RulemintError) || error.code !== "RECORD_CONFLICT") throw error;
  }
}
