/** What PostgreSQL and the way to it report, in our words. */
import { DatabaseError } from "pg";
import { OperationError, RulemintError } from "../../core/errors.js";
import { systemCode } from "../durable-files.js";

/** SQLSTATE of a server that stops, starts or was killed; class 08 is the connection itself. */
const awayStates = new Set(["57P01", "57P02", "57P03", "53300"]);
const full = new Set(["53100", "53200"]);
/** Two transactions stood in each other's way; this one was undone. */
const undone = new Set(["40001", "40P01"]);
const networkCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT", "ENOTCONN"]);
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The connection is gone, or there was none: the database may be back in a moment. */
export function isConnectionLost(cause: unknown): boolean {
  if (cause instanceof DatabaseError) {
    return awayStates.has(cause.code ?? "") || (cause.code ?? "").startsWith("08");
  }
  if (cause instanceof AggregateError) return cause.errors.every(isConnectionLost);
  if (!(cause instanceof Error) || cause instanceof RulemintError) return false;
  return networkCodes.has(systemCode(cause) ?? "") || driverMessages.test(cause.message);
}

/** Only what the database or the network reports is the world failing; a mistake of ours passes through. */
export function postgresError(cause: unknown, doing: string): unknown {
  if (cause instanceof RulemintError) return cause;
  const lost = isConnectionLost(cause);
  if (!(cause instanceof DatabaseError) && !lost) return cause;
  const { code = "no connection", message } = cause as DatabaseError;
  const said = `expected success in ${doing}, got ${code}: ${message}`;
  if (undone.has(code)) return new OperationError("RECORD_CONFLICT", said, { cause });
  return new OperationError(full.has(code) ? "STORE_FULL" : "STORE_FAILED", said, { cause });
}
