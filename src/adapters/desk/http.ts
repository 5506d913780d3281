/**
 * The publisher's service as overseers and auditors use it: sources to rebuild from, manifests that wait, and the place for a verdict.
 * Answers are bytes to be checked by whoever asked; this adapter only moves them, within their limits.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../../core/brands.js";
import { concatBytes, utf8Text } from "../../core/encoding/bytes.js";
import { OperationError, VerificationError, quote } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import { formatDSSE } from "../../core/trust/attest/dsse.js";
import type { SourceArchive } from "../../ports/source-archive.js";
import type { ListWait, ReleaseList, StagedReleases, Verdict } from "../../ports/staged-releases.js";
import { FileBatches } from "./file-batches.js";

const jsonBytesMax = 64 * 1024 * 1024;
const silenceMs = 30_000;
/** As the contract has it. */
const waitSecondsMax = 240;

export interface DeskOptions {
  readonly server: string;
  readonly token: string;
  /** For the access log; asked of auditors. */
  readonly reason?: string;
  /** The auditor's visit that the calls belong to. */
  readonly visit?: string;
}

export function openDesk(options: DeskOptions): SourceArchive & StagedReleases {
  const { server, token: plain, reason, visit } = options;
  const token = { plain, ...(reason !== undefined && { reason }), ...(visit && { visit }) };
  const base = server.replace(/\/+$/, "");
  const get = (path: string, bytesMax: number) => request(base + path, token, { method: "GET" }, bytesMax);
  const headers = { "content-type": "application/json" };
  const post = (path: string, body: string) =>
    request(base + path, token, { method: "POST", headers, body }, jsonBytesMax);
  const release = (feed: FeedName, number: ReleaseNumber) => `/v1/feeds/${feed}/releases/${number}`;
  const files = new FileBatches({
    one: (sha256, bytesMax) => get(`/v1/sources/${sha256}`, bytesMax),
    many: (digests, bytesMax) => {
      const body = JSON.stringify({ sha256: digests });
      return request(`${base}/v1/sources`, token, { method: "POST", headers, body }, bytesMax);
    },
  });
  return {
    sources: (feed, number) => get(`${release(feed, number)}/sources`, jsonBytesMax),
    file: (sha256: Sha256Hex, bytesMax: number) => files.read(sha256, bytesMax),
    sourceMap: (feed, number) => get(`${release(feed, number)}/source-map`, limits.databaseBytesMax),
    releases: (feed, wait) => listReleases(`${base}/v1/feeds/${feed}/releases?limit=20`, token, wait),
    provenance: (feed, number) => get(`${release(feed, number)}/provenance`, limits.attestationBytesMax),
    async attest(feed, number, { envelope, publicKey }) {
      const body = `{"publicKey":${JSON.stringify(publicKey)},"envelope":${utf8Text(formatDSSE(envelope))}}`;
      await post(`${release(feed, number)}/attestations`, body);
    },
    manifest: (feed, number) => get(`${release(feed, number)}/manifest`, limits.targetsBytesMax),
    pack: (feed, number, name) => get(`${release(feed, number)}/packs/${name}`, limits.databaseBytesMax),
    async deliver(feed, number, verdict) {
      await post(`${release(feed, number)}/verdicts`, JSON.stringify(verdictBody(verdict)));
    },
  };
}

function verdictBody({ result, explanation, signature }: Verdict): Record<string, string> {
  const common = { result, explanation: explanation.slice(0, 20_000) };
  return signature === null ? common : { ...common, keyid: signature.keyid, signature: signature.sig };
}

interface Bearer {
  readonly plain: string;
  readonly reason?: string;
  readonly visit?: string;
}

function saidHeaders({ reason, visit }: Bearer): Record<string, string> {
  return {
    ...(reason !== undefined && { "rulemint-reason": encodeURIComponent(reason) }),
    ...(visit !== undefined && { "rulemint-visit": encodeURIComponent(visit) }),
  };
}

/** One request, which the service answers when something has changed or the time is over. */
async function listReleases(url: string, token: Bearer, wait?: ListWait): Promise<ReleaseList> {
  const { known, stop } = wait ?? {};
  const seconds = Math.min(wait?.seconds ?? 0, waitSecondsMax);
  const headers: Record<string, string> = known?.tag === undefined ? {} : { "if-none-match": known.tag };
  const signal = AbortSignal.any([
    AbortSignal.timeout(seconds * 1000 + silenceMs),
    ...(stop === undefined ? [] : [stop]),
  ]);
  let response: Response;
  try {
    const asked = seconds > 0 && known?.tag !== undefined ? `${url}&wait=${seconds}` : url;
    response = await send(asked, token, { method: "GET", headers, signal });
  } catch (error) {
    if (known !== undefined && stop?.aborted) return known;
    throw error;
  }
  if (response.status === 304 && known !== undefined) return known;
  const text = new TextDecoder().decode(await bodyOf(url, response, jsonBytesMax));
  const { items } = JSON.parse(text) as { items: { release: ReleaseNumber; state: string }[] };
  return {
    items: items.map(({ release, state }) => ({ release, state })),
    tag: response.headers.get("etag") ?? undefined,
  };
}

async function request(url: string, token: Bearer, init: RequestInit, bytesMax: number): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(init.method === "GET" ? 20 * silenceMs : silenceMs);
  return bodyOf(url, await send(url, token, { ...init, signal }), bytesMax);
}

/** @throws OperationError FETCH_FAILED */
async function send(url: string, token: Bearer, init: RequestInit): Promise<Response> {
  const headers = { ...init.headers, authorization: `Bearer ${token.plain}`, ...saidHeaders(token) };
  try {
    return await fetch(url, { ...init, redirect: "error", headers });
  } catch (cause) {
    throw new OperationError("FETCH_FAILED", `expected an answer from ${url}, got none`, { cause });
  }
}

/** @throws OperationError FETCH_NOT_FOUND, SERVER_REFUSED; VerificationError FETCH_TOO_LARGE */
async function bodyOf(url: string, response: Response, bytesMax: number): Promise<Uint8Array> {
  if (!response.ok) throw await refusal(url, response);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > bytesMax) {
      throw new VerificationError("FETCH_TOO_LARGE", `expected at most ${bytesMax} bytes from ${url}`);
    }
    parts.push(part);
  }
  return concatBytes(...parts);
}

async function refusal(url: string, response: Response): Promise<OperationError> {
  const text = await response.text();
  if (response.status === 404) return new OperationError("FETCH_NOT_FOUND", `${url}: no such thing`);
  let said = quote(text);
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string };
    if (problem.code) said = `${problem.code}: ${problem.detail ?? ""}`;
  } catch (cause) {
    return new OperationError("SERVER_REFUSED", `${url} answered ${response.status}: ${said}`, { cause });
  }
  return new OperationError("SERVER_REFUSED", `${url} answered ${response.status}: ${said}`);
}
