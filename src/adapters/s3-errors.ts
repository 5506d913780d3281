/**
 * What an S3-compatible store says when it does not do as it was told, in our words. Its own message is cut and quoted, and nothing of the
 * request goes along: a request holds a signature that was made with the secret key.
 */
import { OperationError, RulemintError, quote } from "../core/errors.js";

interface Said {
  readonly name: string;
  readonly message: string;
  /** Undefined: there was no answer, or it broke off. */
  readonly status: number | undefined;
}

/** The store answered 404, and the bucket is there. */
export const isAbsent = (cause: unknown): boolean =>
  said(cause).status === 404 && said(cause).name !== "NoSuchBucket";

/** The condition of a write does not hold. */
export const isPreconditionFailed = (cause: unknown): boolean => said(cause).status === 412;

export const isOutOfRange = (cause: unknown): boolean => said(cause).status === 416;

/** Worth another try: no answer, a busy store, a write that met another one. */
export function isPassing(cause: unknown): boolean {
  if (cause instanceof RulemintError) return cause instanceof PassingError;
  const { status, name } = said(cause);
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(name)) return false;
  if (status === 409) return name === "ConditionalRequestConflict" || name === "OperationAborted";
  if (status === 400) return name === "RequestTimeout";
  return status === undefined || status === 429 || (status >= 500 && status !== 501 && status !== 507);
}

/** An answer that was not whole. */
export class PassingError extends OperationError {
  constructor(message: string) {
    super("STORE_FAILED", message);
  }
}

/** @returns OperationError STORE_FULL when the store says that there is no room, else STORE_FAILED */
export function s3Error(cause: unknown, doing: string): RulemintError {
  if (cause instanceof RulemintError) return cause;
  const { name, message, status } = said(cause);
  const full = status === 507 || /^(QuotaExceeded|InsufficientStorage|XMinioStorageFull)$/.test(name);
  const what = `${quote(name)}${status === undefined ? "" : ` (${status})`}${message && `, ${quote(message)}`}`;
  return new OperationError(
    full ? "STORE_FULL" : "STORE_FAILED",
    full ? `expected room for ${doing}, got ${what}` : `expected success in ${doing}, got ${what}`,
    { details: { status } },
  );
}

function said(cause: unknown): Said {
  const error = cause as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } };
  const { name = "Error", message = "" } = error ?? {};
  // A class of Node's says nothing; its code does: ECONNREFUSED.
  const code = (cause as { code?: unknown } | undefined)?.code;
  const called = name === "Error" && typeof code === "string" ? code : name;
  return { name: called, message: message === name ? "" : message, status: error?.$metadata?.httpStatusCode };
}
