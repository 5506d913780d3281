/** What is said when the access log is not as it must be, or cannot be written. */
import { OperationError, RulemintError } from "../core/errors.js";

export function broken(expected: string, got: string): OperationError {
  return new OperationError("LOG_CORRUPT", `expected ${expected} in the access log, got ${got}`);
}

export function unavailable(cause: unknown): OperationError {
  const said = cause instanceof RulemintError ? `${cause.code}: ${cause.message}` : "a fault";
  return new OperationError(
    "ACCESS_LOG_UNAVAILABLE",
    `expected to write down this access before it happens, got ${said}`,
    { cause },
  );
}
