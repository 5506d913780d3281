/**
 * Packs over the network, into scratch files that survive a crash and are taken up where they ended. A file is a pack only
 * when all of it has the length and the digest that the manifest gives.
 */
import { hexText } from "../core/encoding/bytes.js";
import type { Digest, DigestFactory } from "../core/encoding/stream.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { packPath } from "../core/release/tree-paths.js";
import type { EndpointScratch, ScratchFile } from "../ports/endpoint-store.js";
import type { OpenObject } from "../ports/object-store.js";
import type { Budget } from "./budget.js";
import type { PublicTreeReader } from "./fetch-file.js";
import type { UpdateEvent } from "./model.js";

export interface DownloadInput {
  readonly scratch: EndpointScratch;
  readonly tree: PublicTreeReader;
  readonly digest: DigestFactory;
  readonly budget: Budget;
  readonly emit: (event: UpdateEvent) => void;
}

/** Connections that may break in one download, as long as each of them brought something. */
const attemptsMax = 8;
const readBytes = 1024 * 1024;

export const isDownload = (name: string) => name.startsWith("pack-");

export interface Downloaded {
  /** Of the scratch file. */
  readonly name: string;
  /** That came over the network now. */
  readonly bytes: number;
  /** Who sent the last of them; undefined when all was there. */
  readonly from?: string;
}

/**
 * What one mirror began, the next one ends.
 *
 * @throws VerificationError PACK_DIGEST_MISMATCH; OperationError
 */
export async function downloadPack(input: DownloadInput, pack: PackFacts): Promise<Downloaded> {
  const name = `pack-${pack.sha256}`;
  const start = await resumePoint(input, pack, name);
  if (start.complete) return { name, bytes: 0 };
  let bytes = 0;
  const from = await input.tree.eachMirror(packPath(pack), async (url) => {
    await downloadFrom(input, url, pack, name, (arrived) => {
      bytes += arrived;
    });
    return url;
  });
  input.emit({ type: "download", pack, bytes, resumed: start.length > 0 || bytes > pack.bytes });
  return { name, bytes, from };
}

async function downloadFrom(
  input: DownloadInput,
  url: string,
  pack: PackFacts,
  name: string,
  onArrival: (bytes: number) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const start = await resumePoint(input, pack, name);
    if (start.complete) return;
    try {
      return onArrival(await transfer(input, url, pack, name, start));
    } catch (error) {
      const grown = Math.max(0, (await lengthOf(input, name)) - start.length);
      onArrival(grown);
      const next = afterFailure(error, start.length, grown);
      if (next === "anew" || error instanceof VerificationError) await discard(input, name);
      if (next === "stop" || attempt === attemptsMax) throw error;
    }
  }
}

/** What a failure means for the next attempt. What arrived stays for a later update, unless it is wrong. */
function afterFailure(error: unknown, start: number, grown: number): "resume" | "anew" | "stop" {
  // What was taken up may have been wrong already; what came in one piece is what the server has.
  if (error instanceof VerificationError) return start > 0 ? "anew" : "stop";
  if (!(error instanceof RulemintError) || error.code !== "FETCH_FAILED") return "stop";
  // HTTP 416: the server's file ends before the point where we wanted to go on.
  if (error.details.status === 416) return "anew";
  return grown > 0 ? "resume" : "stop";
}

interface ResumePoint {
  readonly length: number;
  /** Of the bytes that are there. */
  readonly digest: Digest;
  readonly complete: boolean;
}

async function transfer(
  input: DownloadInput,
  url: string,
  pack: PackFacts,
  name: string,
  from: ResumePoint,
): Promise<number> {
  const resume = from.length > 0 ? { rangeStart: from.length } : {};
  input.budget.requireLeft();
  const onBytes = () => input.budget.requireLeft();
  const answer = await input.tree.open(url, packPath(pack), { bytesMax: pack.bytes, onBytes, ...resume });
  // A server that does not know Range sends it all.
  const { length, digest } = answer.status === 206 ? from : await discard(input, name);
  const received = await receive(answer.body, await input.scratch.append(name), digest);
  if (length + received !== pack.bytes) {
    throw mismatch(pack, `${pack.bytes} bytes`, `${length + received}`);
  }
  const sha256 = hexText(digest.finish());
  if (sha256 !== pack.sha256) throw mismatch(pack, `SHA-256 ${pack.sha256}`, sha256);
  return received;
}

/** SPEC §8.3.3 */
function mismatch(pack: PackFacts, expected: string, got: string): VerificationError {
  return new VerificationError("PACK_DIGEST_MISMATCH", `expected ${pack.path} of ${expected}, got ${got}`);
}

/** What arrived before the connection broke is kept. */
async function receive(body: AsyncIterable<Uint8Array>, file: ScratchFile, digest: Digest): Promise<number> {
  let received = 0;
  try {
    for await (const chunk of body) {
      digest.update(chunk);
      await file.write(chunk);
      received += chunk.length;
    }
  } finally {
    await file.close();
  }
  return received;
}

async function resumePoint(input: DownloadInput, pack: PackFacts, name: string): Promise<ResumePoint> {
  const digest = input.digest();
  const file = await input.scratch.open(name);
  if (file === undefined) return { length: 0, digest, complete: false };
  try {
    if (file.length <= pack.bytes) await digestSource(file, digest);
    if (file.length < pack.bytes) return { length: file.length, digest, complete: false };
    if (file.length === pack.bytes && hexText(digest.finish()) === pack.sha256) {
      return { length: file.length, digest, complete: true };
    }
  } finally {
    await file.close();
  }
  // All of it is there and wrong, or more than all.
  return discard(input, name);
}

async function discard(input: DownloadInput, name: string): Promise<ResumePoint> {
  await input.scratch.prune((other) => other !== name);
  return { length: 0, digest: input.digest(), complete: false };
}

async function lengthOf(input: DownloadInput, name: string): Promise<number> {
  const file = await input.scratch.open(name);
  await file?.close();
  return file?.length ?? 0;
}

export async function digestSource(
  source: Pick<OpenObject, "length" | "read">,
  digest: Digest,
): Promise<void> {
  for (let at = 0; at < source.length; at += readBytes) {
    digest.update(await source.read(at, Math.min(readBytes, source.length - at)));
  }
}
