/** Stores in memory for compilations in tests: the real store of databases on objects and records that are maps. */
import { createHash } from "node:crypto";
import { databasesInObjects } from "../../src/adapters/databases/in-objects.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import type { Sha256Hex } from "../../src/core/brands.js";
import { concatBytes } from "../../src/core/encoding/bytes.js";
import { memorySource } from "../../src/core/encoding/stream.js";
import type { CompileInputs } from "../../src/core/release/compile-inputs.js";
import type { FileFacts, ReleaseSources, Revision } from "../../src/core/release/model.js";
import { makeRun } from "../../src/core/release/run.js";
import type { RuleKind } from "../../src/core/rules/model.js";
import { ruleLanguage } from "../../src/core/rules/registry.js";
import type { ObjectStore } from "../../src/ports/object-store.js";
import type { Records, StoredRecord } from "../../src/ports/records.js";

export const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex") as Sha256Hex;

export interface Counts {
  /** Bytes of objects that were written, and of objects that were read. */
  written: number;
  read: number;
  /** Parts and files that were parsed. */
  parsed: number;
}

export class CompileWorld {
  readonly counts: Counts = { written: 0, read: 0, parsed: 0 };
  readonly kept = new Map<string, Uint8Array>();
  readonly files = new Map<string, Uint8Array>();
  readonly #objects = new Map<string, Uint8Array>();
  readonly #records = new Map<string, StoredRecord>();
  readonly inputs: CompileInputs;

  constructor() {
    this.inputs = {
      read: async ({ sha256 }) => this.files.get(sha256) as Uint8Array,
      parse: async (kind, files) => {
        this.counts.parsed += files.length;
        return files.map((file) => ruleLanguage(kind).parse(file));
      },
      runs: (kind, parts) => {
        for (const part of parts) this.counts.parsed += part.length;
        return Promise.all(parts.map((part) => makeRun(kind, part, nodeDigest)));
      },
      memory: {
        open: async (key) => {
          const bytes = this.kept.get(key);
          return bytes && { ...memorySource(bytes), close: async () => {} };
        },
        put: async (key, bytes) => void this.kept.set(key, bytes),
      },
      databases: databasesInObjects(this.#store(), this.#table()),
      digest: nodeDigest,
      compilerSha256: "c".repeat(64) as Sha256Hex,
    };
  }

  /** Sources as an approval would freeze them. `rulesets`: name to kind and files. */
  sources(
    rulesets: Readonly<Record<string, { kind: RuleKind; files: Readonly<Record<string, string>> }>>,
  ): ReleaseSources {
    const revisions = Object.entries(rulesets).map(([ruleset, { kind, files }]): Revision => {
      const facts = Object.entries(files).map(([path, text]): FileFacts => {
        const bytes = new Uint8Array(Buffer.from(text));
        const sha256 = digestOf(bytes);
        this.files.set(sha256, bytes);
        return { path, sha256, bytes: bytes.length };
      });
      const digest = digestOf(Buffer.from(JSON.stringify(facts)));
      const approval = {
        submission: "s-1",
        digest,
        author: "a",
        approvedBy: "b",
        approvedAt: "2026-01-01T00:00:00.000Z",
      };
      return { ruleset, kind, ...approval, leaveOutInvalid: false, leftOut: [], files: facts };
    });
    return { schema: 1, revisions };
  }

  async bytesOf(sha256: Sha256Hex): Promise<Uint8Array> {
    const source = await this.inputs.databases.open(sha256);
    if (source === undefined) throw new Error("no such database");
    const bytes = await source.read(0, source.length);
    await source.close();
    return bytes;
  }

  #store(): ObjectStore {
    return {
      put: async (chunks) => {
        const parts: Uint8Array[] = [];
        for await (const chunk of chunks) parts.push(chunk.slice());
        const bytes = concatBytes(...parts);
        this.counts.written += bytes.length;
        const sha256 = digestOf(bytes);
        this.#objects.set(sha256, bytes);
        return { sha256, bytes: bytes.length };
      },
      open: async (sha256) => {
        const bytes = this.#objects.get(sha256);
        if (bytes === undefined) return undefined;
        return {
          length: bytes.length,
          read: async (offset, length) => {
            this.counts.read += length;
            return bytes.slice(offset, offset + length);
          },
          close: async () => {},
        };
      },
    };
  }

  #table(): Records {
    return {
      get: async <T>(collection: string, id: string) =>
        this.#records.get(`${collection}/${id}`) as StoredRecord<T> | undefined,
      list: async () => [],
      commit: async (writes) => {
        for (const { collection, id, expected, body } of writes)
          this.#records.set(`${collection}/${id}`, { collection, id, version: expected + 1, body });
      },
      close: async () => {},
    };
  }
}
