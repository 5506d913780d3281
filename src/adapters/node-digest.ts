/**
 * SHA-256 by the machine's own library: the same digest as core's, faster. What is short (a node of a tree, an entry), or there in one
 * piece, is hashed in one call: a running hash is an object outside of the heap, and a thousand of them keep the collector busy for longer than
 * their digests took.
 */
import { type Hash, createHash, hash } from "node:crypto";
import type { Digest, DigestFactory } from "../core/encoding/stream.js";
import type { PairDigest } from "../core/log/merkle.js";

const shortBytesMax = 1024;
const nothing = new Uint8Array(0);

export const nodeDigest: DigestFactory = Object.assign(runningDigest, { of: wholeDigest });

function runningDigest(): Digest {
  let short: Uint8Array = nothing;
  let running: Hash | undefined;
  return {
    update: (bytes) => {
      if (running === undefined && short.length + bytes.length <= shortBytesMax) short = joined(short, bytes);
      else {
        running ??= createHash("sha256").update(short);
        running.update(bytes);
      }
    },
    finish: () => (running === undefined ? wholeDigest(short) : new Uint8Array(running.digest())),
  };
}

/** A copy: whoever gave the bytes may write over them before the digest is finished. */
function joined(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(before.length + bytes.length);
  both.set(before);
  both.set(bytes, before.length);
  return both;
}

/** 0x01, then two hashes (RFC 6962 §2.1). */
const pair = Uint8Array.of(1, ...new Uint8Array(64));

export const nodePairDigest: PairDigest = (hashes, from, into, at) => {
  for (let i = 0; i < 64; i++) pair[1 + i] = hashes[from + i] as number;
  const text = hash("sha256", pair, "binary");
  for (let i = 0; i < 32; i++) into[at + i] = text.charCodeAt(i);
};

/** By way of a text, an octet a character: it lives in the heap, where a buffer would be one more object outside of it. */
function wholeDigest(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = hash("sha256", bytes, "binary");
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
  return digest;
}
