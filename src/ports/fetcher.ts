/** An answer. `status` is 200, 206 or 304; everything else is an error. */
export interface FetchAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  /** Ends with OperationError FETCH_FAILED when the connection breaks, VerificationError FETCH_TOO_LARGE past `bytesMax`. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface FetchOptions {
  /** Of the body; one byte more is an error, so that no server can fill a disk. */
  readonly bytesMax: number;
  /** Asks for the file only if it is another one now; then the status may be 304. */
  readonly etag?: string;
  /** Asks for the file from this byte on; the status is 206, or 200 from a server that sends it all. */
  readonly rangeStart?: number;
  /** And up to this byte, which is not asked for: then a body with status 206 has exactly what is between. */
  readonly rangeEnd?: number;
  /** The server may send the file packed; `bytesMax` bounds what travels and what it unpacks to. Not with `rangeStart`. */
  readonly gzip?: boolean;
  /** Told of every byte of the body as it travelled. */
  readonly onBytes?: (bytes: number) => void;
  /** Ends the transfer with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * GET, and nothing else. It never follows a redirect to another origin, never sends a cookie, and gives up on a server
 * that is silent for longer than the adapter's limit or slower than its floor.
 *
 * @throws OperationError FETCH_NOT_FOUND for 404 and 403, FETCH_FAILED for anything else that is not an answer; its
 * details may have `status` and `retryAfter`, the header as it came.
 */
export interface Fetcher {
  get(url: string, options: FetchOptions): Promise<FetchAnswer>;
}
