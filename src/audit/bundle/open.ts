/** A bundle opened: its members, held against the list of digests, and the part of the public tree that is in it. */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";
import { feedName, releaseNumber } from "../../core/brands.js";
import { equalBytes, hexText, utf8Text } from "../../core/encoding/bytes.js";
import { isJSONObject, parseJSON } from "../../core/encoding/json.js";
import type { ByteSource, DigestFactory } from "../../core/encoding/stream.js";
import { type TarMember, readTarIndex } from "../../core/encoding/tar-index.js";
import { VerificationError, quote } from "../../core/errors.js";
import type { PublicFiles } from "../fetch-file.js";
import { bundlePaths, formatBundleIndex, formatSums, publicMember } from "./layout.js";

const pieceBytes = 1024 * 1024;
/** bundle.json, and the list of digests: 512 bytes a member at most. */
const indexBytesMax = 4096;

export class Bundle {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** Of the whole archive. */
  readonly sha256: string;
  readonly bytes: number;
  /** Path to digest, for all members. */
  readonly digests: ReadonlyMap<string, string>;
  readonly #source: ByteSource;
  readonly #members: ReadonlyMap<string, TarMember>;

  private constructor(
    source: ByteSource,
    members: ReadonlyMap<string, TarMember>,
    digests: ReadonlyMap<string, string>,
    index: { readonly feed: FeedName; readonly release: ReleaseNumber },
    sha256: string,
  ) {
    this.#source = source;
    this.#members = members;
    this.digests = digests;
    this.feed = index.feed;
    this.release = index.release;
    this.sha256 = sha256;
    this.bytes = source.length;
  }

  /** SPEC §14.2. @throws VerificationError BUNDLE_MALFORMED */
  static async open(source: ByteSource, digest: DigestFactory): Promise<Bundle> {
    const members = await readTarIndex(source);
    const digests = new Map<string, string>();
    for (const member of members.values()) {
      digests.set(member.path, await digestOf(source, member.offset, member.bytes, digest));
    }
    const index = parseIndex(await readWhole(source, members, bundlePaths.index, indexBytesMax));
    const whole = await digestOf(source, 0, source.length, digest);
    const bundle = new Bundle(source, members, digests, index, whole);
    await bundle.#requireSums();
    return bundle;
  }

  get paths(): readonly string[] {
    return [...this.#members.keys()];
  }

  has(path: string): boolean {
    return this.#members.has(path);
  }

  /** SPEC §14.5.5. @throws VerificationError EVIDENCE_MISSING, LIMIT_EXCEEDED */
  read(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
    return readWhole(this.#source, this.#members, path, bytesMax);
  }

  /** SPEC §14.2.2: the list has every other member, and nothing else. */
  async #requireSums(): Promise<void> {
    const others = [...this.digests].filter(([path]) => path !== bundlePaths.sums);
    const expected = formatSums(others.map(([path, sha256]) => ({ path, sha256: sha256 as never })));
    const got = await this.read(bundlePaths.sums, expected.length);
    if (!equalBytes(got, expected)) throw malformed("a list with the digest of every member", "another list");
  }
}

/** The members below `public/`, by the paths of the tree. */
export function bundledTree(bundle: Bundle): PublicFiles {
  const read = (path: string, bytesMax: number) => bundle.read(publicMember(path), bytesMax);
  return {
    read,
    find: async (path, bytesMax) => (bundle.has(publicMember(path)) ? read(path, bytesMax) : undefined),
  };
}

async function readWhole(
  source: ByteSource,
  members: ReadonlyMap<string, TarMember>,
  path: string,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const member = members.get(path);
  if (member === undefined) {
    throw new VerificationError("EVIDENCE_MISSING", `expected ${quote(path)} in the bundle, got none`);
  }
  if (member.bytes > bytesMax) {
    throw new VerificationError(
      "LIMIT_EXCEEDED",
      `expected ${quote(path)} of at most ${bytesMax} bytes, got ${member.bytes}`,
    );
  }
  return new Uint8Array(await source.read(member.offset, member.bytes));
}

async function digestOf(
  source: ByteSource,
  offset: number,
  bytes: number,
  digest: DigestFactory,
): Promise<string> {
  const running = digest();
  for (let at = 0; at < bytes; at += pieceBytes) {
    running.update(await source.read(offset + at, Math.min(pieceBytes, bytes - at)));
  }
  return hexText(running.finish());
}

/** SPEC §14.2.3: in its one form. */
function parseIndex(bytes: Uint8Array): { feed: FeedName; release: ReleaseNumber } {
  const document = parseJSON(bytes);
  if (!isJSONObject(document) || document.schema !== 1)
    throw malformed("bundle.json of schema 1", utf8Text(bytes));
  const index = { feed: feedName(document.feed), release: releaseNumber(document.release) };
  if (!equalBytes(formatBundleIndex(index), bytes))
    throw malformed("bundle.json as it is written", utf8Text(bytes));
  return index;
}

export function malformed(expected: string, got: string): VerificationError {
  return new VerificationError("BUNDLE_MALFORMED", `expected ${expected}, got ${quote(got)}`);
}
