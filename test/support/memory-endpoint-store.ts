/** An endpoint's state in memory, for thousands of them in one process. Nothing of it survives anything. */
import { OperationError } from "../../src/core/errors.js";
import { concatBytes } from "../../src/core/encoding/bytes.js";
import { memorySource } from "../../src/core/encoding/stream.js";
import type { EndpointStore } from "../../src/ports/endpoint-store.js";
import type { OpenObject } from "../../src/ports/object-store.js";

const opened = (bytes: Uint8Array | undefined): OpenObject | undefined =>
  bytes && { ...memorySource(bytes), close: async () => undefined };

export function memoryEndpointStore(): EndpointStore {
  const files = new Map<string, Uint8Array>();
  const scratch = new Map<string, Uint8Array>();
  const databases = new Map<string, Uint8Array>();
  let isLocked = false;
  let boots: Uint8Array | undefined;
  const move = (bytes: Uint8Array | undefined) => {
    if (bytes === undefined) throw new OperationError("STORE_FAILED", "expected a file, got none");
    databases.set("database", bytes);
  };
  return {
    files: {
      read: async (name) => files.get(name),
      write: async (name, bytes) => void files.set(name, bytes.slice()),
      remove: async (name) => void files.delete(name),
    },
    scratch: {
      open: async (name) => opened(scratch.get(name)),
      append: async (name) => {
        const parts = [scratch.get(name) ?? new Uint8Array()];
        return {
          write: async (bytes) => void parts.push(bytes.slice()),
          close: async () => void scratch.set(name, concatBytes(...parts)),
        };
      },
      prune: async (keep) => {
        for (const name of scratch.keys()) if (!keep(name)) scratch.delete(name);
      },
    },
    databases: {
      open: async (which) => opened(databases.get(which)),
      install: async (name, keep) => {
        const before = databases.get("database");
        if (keep && before) databases.set("previous", before);
        move(scratch.get(name));
        scratch.delete(name);
      },
      restore: async () => {
        move(databases.get("previous"));
        databases.delete("previous");
      },
    },
    exports: { folder: "", replace: async () => ({ files: 0, bytes: 0 }), isThere: async () => false },
    boots: {
      read: async () => boots,
      change: async (next) => {
        boots = (await next(boots)) ?? boots;
      },
    },
    lock: async () => {
      if (isLocked) throw new OperationError("STATE_LOCKED", "expected a free state, got one in use");
      isLocked = true;
      return async () => {
        isLocked = false;
      };
    },
  };
}
