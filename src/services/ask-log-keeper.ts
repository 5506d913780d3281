/**
 * Questions about the access log that come to a process which has not got it (SPEC §17.9.4). They lie beside the openings until the
 * process that leads answers, as entries do that are handed over; who asked was asked for his role, and is in the log, before.
 */
import {
  type ErrorCode,
  OperationError,
  PolicyError,
  RulemintError,
  UsageError,
  errorTable,
} from "../core/errors.js";
import type { JSONValue } from "../core/encoding/json.js";
import { type AccessFile, accessFileDocument, readAccessFile } from "../core/log/access-file.js";
import type { AccessLog } from "./access-log.js";
import { timeText } from "./documents.js";
import type { AccessSearch } from "./open-access.js";

/** Collection `asked`, id = the time and a random part. */
interface Question {
  readonly search: AccessSearch;
  readonly answer:
    | { readonly file: JSONValue }
    | { readonly code: ErrorCode; readonly message: string }
    | null;
}

const collection = "asked";
const pollMs = 100;
const triesMax = 150;
/** Whoever asked has given up long before. */
const keptMs = 60_000;
const atOnce = 100;

const keeperGone = () =>
  new OperationError(
    "STATE_LOCKED",
    "expected an answer of the process that leads, got none: ask again in a moment",
  );

/** @throws OperationError STATE_LOCKED when nobody leads; what the one that leads refuses */
export async function askLogKeeper(accessLog: AccessLog, search: AccessSearch): Promise<AccessFile> {
  const { openings } = accessLog;
  const id = accessLog.newName();
  const body: Question = { search, answer: null };
  await openings.commit([{ collection, id, expected: 0, body }]);
  for (let tries = 0; tries < triesMax; tries++) {
    await accessLog.pause(pollMs);
    const found = await openings.get<Question>(collection, id);
    if (found === undefined) break;
    const { answer } = found.body;
    if (answer === null) continue;
    await openings.commit([{ collection, id, expected: found.version, body: null }]);
    if ("file" in answer) return readAccessFile(answer.file);
    throw refusal(answer.code, answer.message);
  }
  throw keeperGone();
}

/** By the process that has the log: answers everybody who waits. */
export async function answerQuestions(
  { openings, clock }: Pick<AccessLog, "openings" | "clock">,
  open: (search: AccessSearch) => Promise<AccessFile>,
): Promise<void> {
  const found = await openings.list<Question>(collection, { limit: atOnce });
  for (const { id, version, body } of found) {
    const age = clock.now().getTime() - Date.parse(id.slice(0, timeText(clock.now()).length));
    const write = { collection, id, expected: version };
    if (age > keptMs) await openings.commit([{ ...write, body: null }]);
    else if (body.answer === null)
      await openings.commit([{ ...write, body: { ...body, answer: await answerTo(body, open) } }]);
  }
}

async function answerTo(
  { search }: Question,
  open: (search: AccessSearch) => Promise<AccessFile>,
): Promise<Question["answer"]> {
  try {
    return { file: accessFileDocument(await open(search)) as unknown as JSONValue };
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    return { code: error.code, message: error.message };
  }
}

const kinds = { policy: PolicyError, operation: OperationError, usage: UsageError } as const;

/** What the other process threw, as if it had been here. */
function refusal(code: ErrorCode, message: string): RulemintError {
  const { class: kind } = errorTable[code];
  return kind === "verification"
    ? new OperationError("LOG_CORRUPT", message)
    : new kinds[kind](code, message);
}
