/** SPEC §8.2.2: the one request of an endpoint that is current. Whoever asks trusts nothing of the answer yet. */
import { equalBytes } from "../core/encoding/bytes.js";
import { limits } from "../core/limits.js";
import { timestampPath } from "../core/release/tree-paths.js";
import { type PublicTreeReader, wholeBody } from "./fetch-file.js";
import type { EndpointState } from "./model.js";
import { sha256Text } from "./state.js";

export interface OfferedTimestamp {
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  /** Byte for byte what was stored. */
  readonly isStored: boolean;
}

/** At one server. @throws OperationError FETCH_*; VerificationError FETCH_TOO_LARGE */
export async function pollTimestamp(
  tree: PublicTreeReader,
  url: string,
  stored: Uint8Array | undefined,
  poll: EndpointState["poll"],
): Promise<OfferedTimestamp> {
  // Another server's tags mean other files.
  const isAsked = poll !== null && (poll.url ?? url) === url;
  const known = isAsked && stored !== undefined && poll.timestampSha256 === (await sha256Text(stored));
  const bytesMax = limits.timestampBytesMax;
  const options = known ? { bytesMax, etag: poll.etag } : { bytesMax };
  const answer = await tree.open(url, timestampPath, options);
  const body = await wholeBody(answer.body);
  if (answer.status === 304 && stored !== undefined)
    return { bytes: stored, etag: poll?.etag, isStored: true };
  const isStored = stored !== undefined && equalBytes(stored, body);
  return { bytes: body, etag: answer.etag, isStored };
}
