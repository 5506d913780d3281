/** The files of a tree as they are read, kept: what is here already is read from here, what came from there is to be written. */
import { equalBytes } from "../core/encoding/bytes.js";
import { timestampPath } from "../core/release/tree-paths.js";
import { type PublicFiles, readingFrom } from "../audit/fetch-file.js";
import type { PublicTree } from "../ports/public-tree.js";

/** SPEC §9.1.1: the files that are replaced; everything else is written once. */
const replaced =
  /^(crl\/[^/]+\.crl|ocsp\/[^/]+\.ors|evidence\/[^/]+\/[0-9]+\.verdicts\.json|log\/checkpoint)$/;
export const isReplaced = (path: string): boolean => path === timestampPath || replaced.test(path);

export class KeptFiles {
  readonly #tree: PublicTree;
  readonly #origin: PublicFiles;
  /** By path, in the order in which they were asked for. */
  readonly fetched = new Map<string, Uint8Array>();
  /** As an audit reads them: what it has asked for is what is kept. */
  readonly reading: PublicFiles;

  constructor(tree: PublicTree, origin: PublicFiles) {
    this.#tree = tree;
    this.#origin = origin;
    this.reading = readingFrom((path, bytesMax) => this.#read(path, bytesMax));
  }

  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; VerificationError FETCH_TOO_LARGE */
  async #read(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
    const held = this.fetched.get(path) ?? (isReplaced(path) ? undefined : await this.#tree.read(path));
    if (held !== undefined) return new Uint8Array(held);
    const bytes = await this.#origin.read(path, bytesMax);
    this.fetched.set(path, bytes);
    return bytes;
  }

  /** What was not fetched from there, when it is not here yet. */
  async keep(path: string, bytes: Uint8Array): Promise<void> {
    if (isReplaced(path) || (await this.#tree.read(path)) === undefined) this.fetched.set(path, bytes);
  }

  /** SPEC §9.3.2: what is written once, then what is replaced, the log's checkpoint after its tiles, the timestamp last. */
  async write(onFile: (path: string, bytes: number) => void): Promise<{ files: number; bytes: number }> {
    const done = { files: 0, bytes: 0 };
    const wrote = (path: string, { length }: Uint8Array) => {
      onFile(path, length);
      done.files++;
      done.bytes += length;
    };
    const entries = [...this.fetched];
    for (const [path, bytes] of entries) {
      if (isReplaced(path)) continue;
      await this.#tree.putImmutable(path, bytes);
      wrote(path, bytes);
    }
    const last = ["log/checkpoint", timestampPath];
    const rank = ([path]: readonly [string, Uint8Array]) => last.indexOf(path);
    const heads = entries.filter(([path]) => isReplaced(path)).sort((a, b) => rank(a) - rank(b));
    for (const [path, bytes] of heads) {
      const found = await this.#tree.read(path);
      if (found !== undefined && equalBytes(found, bytes)) continue;
      await this.#tree.swapHead(path, found, bytes);
      wrote(path, bytes);
    }
    return done;
  }
}
