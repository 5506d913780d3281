/** An answer. `status` is 200, 206 or 304; everything else is an error. */
export interface FetchAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  /** Ends with OperationError FETCH_FAILED when the connection breaks, VerificationError FETCH_TOO_LARGE past `bytesMax`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * GET, and nothing else. It never follows a redirect to another origin, never sends a cookie, and gives up on a server
 * that is silent for longer than the adapter's limit.
 *
 * @throws OperationError FETCH_NOT_FOUND for 404 and 403, FETCH_FAILED for anything else that is not an answer.
 */
export interface Fetcher {
  get(url: string, options: { bytesMax: number; etag?: string; rangeStart?: number }): Promise<FetchAnswer>;
}
