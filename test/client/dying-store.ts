/** An endpoint store whose machine stops: from the given operation on, nothing is done any more, not even cleaning up. */
import type { EndpointStore, ScratchFile } from "../../src/ports/endpoint-store.js";

export class Dead extends Error {}

export interface Mortality {
  /** Operations so far. */
  operations: number;
  diesAt: number;
}

/** Every call that changes the disk counts. `unlock` of the real store stays with the caller: the dead cannot. */
export function dyingStore(
  store: EndpointStore,
  life: Mortality,
  locks: (() => Promise<void>)[],
): EndpointStore {
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++life.operations >= life.diesAt) throw new Dead("the machine has stopped");
    return work();
  };
  return {
    files: {
      read: (name) => store.files.read(name),
      write: (name, bytes) => alive(() => store.files.write(name, bytes)),
      remove: (name) => alive(() => store.files.remove(name)),
    },
    scratch: {
      open: (name) => store.scratch.open(name),
      append: (name) => alive(async () => dyingFile(await store.scratch.append(name), alive)),
      prune: (keep) => alive(() => store.scratch.prune(keep)),
    },
    databases: {
      open: (which) => store.databases.open(which),
      install: (scratch, keep) => alive(() => store.databases.install(scratch, keep)),
      restore: () => alive(() => store.databases.restore()),
    },
    exports: {
      folder: store.exports.folder,
      isThere: (folder) => store.exports.isThere(folder),
      replace: (folder, files, inspect) => alive(() => store.exports.replace(folder, files, inspect)),
    },
    boots: {
      read: () => store.boots.read(),
      change: (next) => alive(() => store.boots.change(next)),
    },
    lock: async () => {
      const unlock = await store.lock();
      locks.push(unlock);
      return async () => undefined;
    },
  };
}

/** What was not written before the end is lost, and the rest of the file is there. */
function dyingFile(file: ScratchFile, alive: <T>(work: () => Promise<T>) => Promise<T>): ScratchFile {
  return {
    write: (bytes) => alive(() => file.write(bytes)),
    close: async () => {
      // The system closes the files of the dead; what the adapter had gathered may or may not be there.
      await file.close();
      await alive(async () => undefined);
    },
  };
}
