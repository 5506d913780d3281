/**
 * Tiles in a public tree that is no folder: written once each, and never again with other bytes; a log that would is not written on. The
 * checkpoint is a head. Partial tiles stay: nothing says when a cache in front of the tree has forgotten the size that named one.
 */
import { OperationError } from "../../core/errors.js";
import { tilePath } from "../../core/log/tiles.js";
import type { Tile } from "../../core/log/growing-tree.js";
import type { PublicTree } from "../../ports/public-tree.js";
import type { TilePlace } from "./tile-files.js";

const atOnce = 16;

export class TilesInTree implements TilePlace {
  readonly #tree: PublicTree;
  readonly #folder: string;

  /** @param folder of the log in the tree; for example `log` */
  constructor(tree: PublicTree, folder: string) {
    this.#tree = tree;
    this.#folder = folder;
  }

  async prepare(): Promise<void> {}

  read(name: string): Promise<Uint8Array | undefined> {
    return this.#tree.read(`${this.#folder}/${name}`);
  }

  async write(tiles: readonly Tile[]): Promise<void> {
    for (let at = 0; at < tiles.length; at += atOnce) {
      await Promise.all(tiles.slice(at, at + atOnce).map((tile) => this.#put(tile)));
    }
  }

  async removePartials(): Promise<void> {}

  async replace(name: string, note: Uint8Array): Promise<void> {
    await this.#tree.swapHead(`${this.#folder}/${name}`, await this.read(name), note);
  }

  async #put(tile: Tile): Promise<void> {
    const path = `${this.#folder}/${tilePath(tile)}`;
    try {
      await this.#tree.putImmutable(path, tile.bytes);
    } catch (cause) {
      if (!(cause instanceof OperationError) || cause.code !== "RECORD_CONFLICT") throw cause;
      throw new OperationError("LOG_CORRUPT", `expected ${path} as it was written before, got other bytes`, {
        cause,
      });
    }
  }
}
