/** What became of a report that was handed to the network. */
export type ReportAnswer =
  | { readonly kind: "taken" }
  /** Not taken, and not worth another try. */
  | { readonly kind: "refused"; readonly status: number }
  /** Certainly not taken, but perhaps later: nobody there, or somebody who asked for patience (`Retry-After` as it came). */
  | { readonly kind: "later"; readonly retryAfter?: string }
  /** It may have been taken: the connection broke, or nothing came in time. */
  | { readonly kind: "unknown" };

/**
 * One POST on a connection of its own, which is closed after it: nothing ties two reports together but the address that they come from. No
 * redirect is followed, nothing of the answer but its head is read, and all of it ends in seconds. Whatever a server does is an answer.
 */
export interface ReportSender {
  send(url: string, body: Uint8Array): Promise<ReportAnswer>;
}
