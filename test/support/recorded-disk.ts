/**
 * A disk that remembers every change below one folder, and can say what might be left of them when the power goes: a change that no fsync
 * of its file or folder has followed may be there, may be missing, may be there without those before it, and a file's bytes may be torn.
 *
 * It is stricter than any file system that we know: each name of a folder is on its own, and a rename may be half there.
 */
import { mkdirSync, linkSync, lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join, relative, resolve } from "node:path";

interface Inode {
  readonly kind: "file" | "folder" | "link";
  readonly target: string;
  readonly initial: Uint8Array;
  length: number;
}

type Change =
  | { readonly type: "name"; readonly path: string; readonly inode: Inode | undefined }
  /** A folder has another name, and all that was in it goes along. */
  | { readonly type: "moved"; readonly from: string; readonly to: string }
  | { readonly type: "bytes"; readonly inode: Inode; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "flushed"; readonly inode: Inode }
  | { readonly type: "folder-flushed"; readonly path: string };

type Names = Map<string, Inode>;
/** From 0 to below 1. */
export type Chance = () => number;

const newFile = (initial = new Uint8Array()): Inode => ({
  ...{ kind: "file", target: "", initial, length: initial.length },
});
const newFolder = (): Inode => ({ ...newFile(), kind: "folder" });
const newLink = (target: string): Inode => ({ ...newFile(), kind: "link", target });

export class RecordedDisk {
  readonly #folder: string;
  readonly #before: Names = new Map();
  readonly #now: Names;
  readonly changes: Change[] = [];

  constructor(folder: string) {
    this.#folder = resolve(folder);
    const byNumber = new Map<number, Inode>();
    const scan = (path: string) => {
      for (const name of readdirSync(path)) {
        const full = join(path, name);
        const facts = lstatSync(full);
        const known = byNumber.get(facts.ino);
        const inode =
          known ??
          (facts.isDirectory()
            ? newFolder()
            : facts.isSymbolicLink()
              ? newLink(readlinkSync(full))
              : newFile(new Uint8Array(readFileSync(full))));
        byNumber.set(facts.ino, inode);
        this.#before.set(relative(this.#folder, full), inode);
        if (facts.isDirectory()) scan(full);
      }
    };
    scan(this.#folder);
    this.#now = new Map(this.#before);
  }

  /** Runs `work` while every change of this process below the folder is recorded. */
  async record<T>(work: () => Promise<T>): Promise<T> {
    const probe = await fs.promises.open(this.#folder);
    const handles = Object.getPrototypeOf(probe);
    await probe.close();
    const undo = [this.#watchNames(), this.#watchHandles(handles)];
    syncBuiltinESMExports();
    try {
      return await work();
    } finally {
      for (const one of undo) one();
      syncBuiltinESMExports();
    }
  }

  /** Puts into `folder` what may be there when the power goes after the first `count` changes. */
  afterPowerLoss(folder: string, count: number, chance: Chance): void {
    const past = this.changes.slice(0, count);
    const names = chance() < 0.5 ? this.#anyNames(past, chance) : this.#oldestNames(past, chance);
    const written = new Map<Inode, string>();
    const isThere = (path: string): boolean =>
      path === "." || (names.get(path)?.kind === "folder" && isThere(dirname(path)));
    mkdirSync(folder, { recursive: true });
    for (const [path, inode] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!isThere(dirname(path))) continue;
      const full = join(folder, path);
      const twin = written.get(inode);
      if (inode.kind === "folder") mkdirSync(full);
      else if (inode.kind === "link") symlinkSync(inode.target, full);
      else if (twin !== undefined) linkSync(twin, full);
      else writeFileSync(full, bytesOf(inode, past, chance));
      written.set(inode, full);
    }
  }

  /** Each name by itself, in any state since its folder was flushed. */
  #anyNames(past: readonly Change[], chance: Chance): Names {
    const choices = new Map<string, (Inode | undefined)[]>();
    for (const [path, inode] of this.#before) choices.set(path, [inode]);
    for (const change of past) {
      if (change.type === "name") {
        choices.set(change.path, [...(choices.get(change.path) ?? [undefined]), change.inode]);
      } else if (change.type === "moved") {
        for (const [path, to] of below(choices.keys(), change))
          choices.set(to, [...(choices.get(path) ?? [])]);
      } else if (change.type === "folder-flushed") {
        for (const [path, states] of choices)
          if (dirname(path) === change.path) states.splice(0, states.length - 1);
      }
    }
    const names: Names = new Map();
    for (const [path, states] of choices) {
      const inode = states[Math.floor(chance() * states.length)];
      if (inode !== undefined) names.set(path, inode);
    }
    return names;
  }

  /** As a journal keeps them: all names up to some change, and what was flushed since. */
  #oldestNames(past: readonly Change[], chance: Chance): Names {
    const names: Names = new Map(this.#before);
    const kept = Math.floor(chance() * (past.length + 1));
    const flushed = new Map<string, number>();
    for (const [i, change] of past.entries())
      if (change.type === "folder-flushed") flushed.set(change.path, i);
    past.forEach((change, i) => {
      const place = change.type === "name" ? change.path : change.type === "moved" ? change.to : undefined;
      if (place === undefined || (i >= kept && i > (flushed.get(dirname(place)) ?? -1))) return;
      if (change.type === "moved") {
        for (const [path, to] of below(names.keys(), change)) names.set(to, names.get(path) as Inode);
      } else if (change.type !== "name") return;
      else if (change.inode === undefined) names.delete(change.path);
      else names.set(change.path, change.inode);
    });
    return names;
  }

  #path(path: unknown): string | undefined {
    const found = relative(this.#folder, resolve(String(path)));
    return found.startsWith("..") ? undefined : found || ".";
  }

  #name(path: string | undefined, inode: Inode | undefined): void {
    if (path === undefined) return;
    if (inode === undefined) {
      for (const below of [...this.#now.keys()].filter((one) => one.startsWith(`${path}/`))) {
        this.#name(below, undefined);
      }
    }
    if (this.#now.get(path) === inode) return;
    if (inode === undefined) this.#now.delete(path);
    else this.#now.set(path, inode);
    this.changes.push({ type: "name", path, inode });
  }

  #move(move: { readonly from: string; readonly to: string }): void {
    for (const [path, to] of below(this.#now.keys(), move)) {
      this.#now.set(to, this.#now.get(path) as Inode);
      this.#now.delete(path);
    }
    this.changes.push({ type: "moved", ...move });
  }

  #bytes(inode: Inode, offset: number, bytes: Uint8Array): void {
    this.changes.push({ type: "bytes", inode, offset, bytes: Uint8Array.from(bytes) });
    inode.length = Math.max(inode.length, offset + bytes.length);
  }

  #watchNames(): () => void {
    const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const at = (path: unknown) => this.#path(path);
    const news: Record<string, (...args: unknown[]) => void> = {
      rename: (from, to) => {
        const inode = this.#now.get(at(from) as string);
        if (this.#now.get(at(to) as string) === inode) return;
        this.#name(at(to), inode);
        if (inode?.kind === "folder") this.#move({ from: at(from) as string, to: at(to) as string });
        this.#name(at(from), undefined);
      },
      link: (from, to) => this.#name(at(to), this.#now.get(at(from) as string)),
      symlink: (target, path) => this.#name(at(path), newLink(String(target))),
      unlink: (path) => this.#name(at(path), undefined),
      rmdir: (path) => this.#name(at(path), undefined),
      rm: (path) => this.#name(at(path), undefined),
      mkdir: (path) => {
        for (
          let one = at(path);
          one !== undefined && one !== "." && !this.#now.has(one);
          one = dirname(one)
        ) {
          this.#name(one, newFolder());
        }
      },
      writeFile: (path, data) => {
        const inode = newFile();
        this.#name(at(path), inode);
        if (at(path) !== undefined) this.#bytes(inode, 0, Buffer.from(data as string));
      },
    };
    const originals = Object.keys(news).map((name) => [name, promises[name]] as const);
    for (const [name, original] of originals) {
      promises[name] = async (...args) => {
        const result = await original?.apply(fs.promises, args);
        news[name]?.(...args);
        return result;
      };
    }
    return () => {
      for (const [name, original] of originals) promises[name] = original as never;
    };
  }

  #watchHandles(prototype: Record<string, (...args: unknown[]) => Promise<unknown>>): () => void {
    const open = fs.promises.open;
    const opened = new WeakMap<object, { inode: Inode | undefined; path: string; position: number }>();
    fs.promises.open = async (path, flags, ...rest) => {
      const handle = await open(path, flags, ...rest);
      const name = this.#path(path);
      if (name !== undefined) {
        if (String(flags ?? "r") !== "r" && !this.#now.has(name)) this.#name(name, newFile());
        const inode = this.#now.get(name);
        opened.set(handle, { inode, path: name, position: flags === "a" ? (inode?.length ?? 0) : 0 });
      }
      return handle;
    };
    const written = (handle: object, bytes: Uint8Array) => {
      const one = opened.get(handle);
      if (one?.inode === undefined) return;
      this.#bytes(one.inode, one.position, bytes);
      one.position += bytes.length;
    };
    const flushed = (handle: object) => {
      const one = opened.get(handle);
      if (one === undefined) return;
      if (one.path === "." || one.inode?.kind === "folder") {
        this.changes.push({ type: "folder-flushed", path: one.path });
      } else if (one.inode !== undefined) this.changes.push({ type: "flushed", inode: one.inode });
    };
    const news: Record<string, (handle: object, args: unknown[], result: unknown) => void> = {
      write: (handle, [data, offset = 0], result) => {
        const { bytesWritten } = result as { bytesWritten: number };
        written(handle, (data as Uint8Array).subarray(offset as number, (offset as number) + bytesWritten));
      },
      writeFile: (handle, [data]) => written(handle, Buffer.from(data as Uint8Array)),
      sync: flushed,
      datasync: flushed,
    };
    const originals = Object.keys(news).map((name) => [name, prototype[name]] as const);
    for (const [name, original] of originals) {
      prototype[name] = async function (this: object, ...args: unknown[]) {
        const result = await original?.apply(this, args);
        news[name]?.(this, args, result);
        return result;
      };
    }
    return () => {
      fs.promises.open = open;
      for (const [name, original] of originals) prototype[name] = original as never;
    };
  }
}

/** The paths in a folder that is moved, and what they are afterwards. */
function below(paths: Iterable<string>, { from, to }: { readonly from: string; readonly to: string }) {
  const inside = [...paths].filter((path) => path.startsWith(`${from}/`));
  return inside.map((path) => [path, `${to}${path.slice(from.length)}`] as const);
}

/** What was flushed is there; of the rest each write is there, missing, torn, or zeros of its length. */
function bytesOf(inode: Inode, past: readonly Change[], chance: Chance): Uint8Array {
  const own = past.filter((change) => "inode" in change && change.inode === inode && change.type !== "name");
  const last = own.findLastIndex(({ type }) => type === "flushed");
  let bytes = inode.initial;
  own.forEach((change, i) => {
    if (change.type !== "bytes") return;
    const fate = i < last ? 0 : Math.floor(chance() * 4);
    if (fate === 1) return;
    const part =
      fate === 2 ? change.bytes.subarray(0, Math.floor(chance() * change.bytes.length)) : change.bytes;
    const grown = new Uint8Array(Math.max(bytes.length, change.offset + part.length));
    grown.set(bytes);
    grown.set(fate === 3 ? new Uint8Array(part.length) : part, change.offset);
    bytes = grown;
  });
  return bytes;
}
