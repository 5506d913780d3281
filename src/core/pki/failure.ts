/** How the verifier says no: one code a lie, and a code of the caller's for what went wrong further in. */
import { type ErrorCode, VerificationError } from "../errors.js";

export function refusal(code: ErrorCode, message: string): VerificationError {
  return new VerificationError(code, message);
}

/** Runs `read`; a DER error in it becomes `code`, because the structure is what the caller knows the bytes as. */
export function structured<T>(code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code === code) throw cause;
    if (cause.code !== "DER_MALFORMED" && cause.code !== "TEXT_NOT_UTF8") throw cause;
    throw new VerificationError(code, cause.message, { cause });
  }
}

/** Awaits `work`; any refusal in it becomes `code`, and its own code stays readable in the message. */
export async function recoded<T>(code: ErrorCode, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code === code) throw cause;
    throw new VerificationError(code, `${cause.code}: ${cause.message}`, { cause });
  }
}
