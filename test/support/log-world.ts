/** A log and its witnesses in memory, with keys made from names: the same bytes every time. */
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { concatBytes, hexBytes, utf8Bytes } from "../../src/core/encoding/bytes.js";
import { formatCheckpoint } from "../../src/core/log/checkpoint.js";
import { cosignatureMessage, formatCosignature } from "../../src/core/log/cosignature.js";
import { formatBundle } from "../../src/core/log/entries.js";
import { GrowingTree } from "../../src/core/log/growing-tree.js";
import type { LogProof } from "../../src/core/log/log-proof.js";
import { makeConsistencyProof, makeInclusionProof } from "../../src/core/log/make-proof.js";
import type { Note, NoteSignature } from "../../src/core/log/note.js";
import { type TileReader, tileNodes, tilePath } from "../../src/core/log/tiles.js";
import {
  type NoteKeyType,
  type VerifierKey,
  formatVerifierKey,
  verifierKey,
} from "../../src/core/log/verifier-key.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";

export interface TestKey {
  readonly key: VerifierKey;
  readonly vkey: string;
  sign(message: Uint8Array): Uint8Array;
}

/** RFC 8410: PKCS#8 of an Ed25519 key up to its seed. */
const pkcs8Prefix = hexBytes("302e020100300506032b657004220420");

export function testKey(name: string, type: NoteKeyType): TestKey {
  const seed = createHash("sha256").update(`${name}/${type}`).digest();
  const der = Buffer.from(concatBytes(pkcs8Prefix, seed));
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const key = verifierKey(name, type, new Uint8Array(spki.subarray(-32)));
  return {
    key,
    vkey: formatVerifierKey(key),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

export class TestLog {
  readonly log: TestKey;
  readonly files = new Map<string, Uint8Array>();
  readonly entries: Uint8Array[] = [];
  #tree = new GrowingTree(undefined, nodeDigest);

  constructor(origin = "example.com/releases") {
    this.log = testKey(origin, 1);
  }

  get origin(): string {
    return this.log.key.name;
  }

  get size(): number {
    return this.#tree.size;
  }

  append(...entries: readonly (string | Uint8Array)[]): this {
    for (const entry of entries) {
      const bytes = typeof entry === "string" ? utf8Bytes(entry) : entry;
      this.entries.push(bytes);
      for (const tile of this.#tree.append(bytes)) {
        this.files.set(tilePath(tile), tile.bytes);
        if (tile.level === 0) this.#bundle(tile.index, tile.width);
      }
    }
    return this;
  }

  /** Writes the partial tiles of this size and gives its checkpoint, signed by the log alone. */
  checkpoint(): Note {
    for (const tile of this.#tree.partials()) {
      this.files.set(tilePath(tile), tile.bytes);
      if (tile.level === 0) this.#bundle(tile.index, tile.width);
    }
    const text = formatCheckpoint({ origin: this.origin, ...this.#tree.head(), extensions: [] });
    return { text, signatures: [noteLine(this.log, text)] };
  }

  get root(): Uint8Array {
    return this.#tree.head().root;
  }

  readonly readTile: TileReader = async (place) => {
    const bytes = this.files.get(tilePath(place));
    if (bytes === undefined) throw new Error(`no ${tilePath(place)}`);
    return bytes;
  };

  /** Of the tree as it stands. */
  async prove(index: number, checkpoint: Note = this.checkpoint()): Promise<LogProof> {
    const hashes = await makeInclusionProof(index, this.size, tileNodes(this.size, this.readTile));
    return { index, hashes, checkpoint };
  }

  async continues(before: number): Promise<Uint8Array[]> {
    this.checkpoint();
    return makeConsistencyProof(before, this.size, tileNodes(this.size, this.readTile));
  }

  #bundle(index: number, width: number): void {
    const entries = this.entries.slice(index * 256, index * 256 + width);
    this.files.set(tilePath({ level: "entries", index, width }), formatBundle(entries));
  }
}

export function noteLine({ key, sign }: TestKey, text: string): NoteSignature {
  return { name: key.name, keyID: key.keyID, signature: sign(utf8Bytes(text)) };
}

export function cosign(note: Note, time: number, ...witnesses: readonly TestKey[]): Note {
  const lines = witnesses.map(({ key, sign }) => ({
    name: key.name,
    keyID: key.keyID,
    signature: formatCosignature(time, sign(cosignatureMessage(time, note.text))),
  }));
  return { ...note, signatures: [...note.signatures, ...lines] };
}

export const testWitnesses = ["north", "south", "west"].map((name) => testKey(`witness.example/${name}`, 4));

/** Two of three. */
export function testLogPolicy(log: TestKey, witnesses: readonly TestKey[] = testWitnesses, k = 2): string {
  const names = witnesses.map((_, i) => `w${i + 1}`);
  return [
    `log ${log.vkey}`,
    ...witnesses.map(({ vkey }, i) => `witness ${names[i]} ${vkey}`),
    `group quorum ${k} ${names.join(" ")}`,
    "quorum quorum",
    "",
  ].join("\n");
}
