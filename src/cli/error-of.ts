/** Errors that arrive as words: a code that is known here, and what was said with it. */
import {
  type ErrorCode,
  errorTable,
  OperationError,
  PolicyError,
  type RulemintError,
  UsageError,
  VerificationError,
} from "../core/errors.js";

const kinds = {
  verification: VerificationError,
  policy: PolicyError,
  operation: OperationError,
  usage: UsageError,
} as const;

/** An error of the class that the table gives the code. */
export function errorOf(code: ErrorCode, message: string, details: Record<string, unknown>): RulemintError {
  return new kinds[errorTable[code].class](code, message, { details });
}
