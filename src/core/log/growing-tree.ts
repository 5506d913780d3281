/**
 * A tree that grows at its right edge, for whoever writes a log and for whoever follows one. It keeps at most 255 hashes a
 * tile level, and hands out each tile at the moment it is full.
 */
import { concatBytes } from "../encoding/bytes.js";
import { sha256Digest } from "../encoding/sha256.js";
import type { DigestFactory } from "../encoding/stream.js";
import type { TreeHead } from "./checkpoint.js";
import type { Hash } from "./lines.js";
import { emptyRoot, leafHash, nodeHash } from "./merkle.js";
import { type TilePlace, foldHashes, partialTiles, tileWidth } from "./tiles.js";

export interface Tile extends TilePlace {
  readonly bytes: Uint8Array;
}

export class GrowingTree {
  readonly #digest: DigestFactory;
  /** Of each tile level: the hashes of its partial tile. */
  readonly #edges: Hash[][];
  #size: number;

  /** `edges` are the hashes of the partial tiles of a tree of `size`, level 0 first. */
  constructor(
    start: { size: number; edges: readonly (readonly Hash[])[] } = { size: 0, edges: [] },
    digest: DigestFactory = sha256Digest,
  ) {
    this.#digest = digest;
    this.#size = start.size;
    this.#edges = start.edges.map((edge) => [...edge]);
  }

  get size(): number {
    return this.#size;
  }

  /** Gives the tiles that this entry fills, lowest level first; mostly none. */
  append(entry: Uint8Array): Tile[] {
    const full: Tile[] = [];
    this.#size++;
    let hash: Hash | undefined = leafHash(entry, this.#digest);
    for (let level = 0; hash !== undefined; level++) {
      const edge: Hash[] = this.#edges[level] ?? [];
      this.#edges[level] = edge;
      edge.push(hash);
      hash = undefined;
      if (edge.length < tileWidth) continue;
      const index = Math.floor(this.#size / tileWidth ** (level + 1)) - 1;
      full.push({ level, index, width: tileWidth, bytes: concatBytes(...edge) });
      hash = foldHashes(edge, this.#node);
      this.#edges[level] = [];
    }
    return full;
  }

  head(): TreeHead {
    let right: Hash | undefined;
    for (const edge of this.#edges) {
      const row = right === undefined ? edge : [...edge, right];
      if (row.length > 0) right = this.#root(row);
    }
    return { size: this.#size, root: right ?? emptyRoot };
  }

  /** The partial tiles of hashes as they stand. */
  partials(): Tile[] {
    return partialTiles(this.#size).flatMap((place) =>
      place.level === "entries"
        ? []
        : [{ ...place, bytes: concatBytes(...(this.#edges[place.level] ?? [])) }],
    );
  }

  /** RFC 6962 §2.1 over complete subtrees of one width, of which the last may be incomplete: the split is the same. */
  #root(row: readonly Hash[]): Hash {
    if (row.length === 1) return row[0] as Hash;
    let left = 1;
    while (left * 2 < row.length) left *= 2;
    return this.#node(this.#root(row.slice(0, left)), this.#root(row.slice(left)));
  }

  readonly #node = (left: Hash, right: Hash): Hash => nodeHash(left, right, this.#digest);
}
