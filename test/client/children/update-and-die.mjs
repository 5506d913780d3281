// Updates many endpoints at the same time, and stops each just before the file operation of its number: from there on nothing is done for it
// any more. When all have come to their points, or to the end of their updates, the process kills itself with SIGKILL, so every folder is
// left as by a kill at that point. Every write, flush, rename, link and removal counts, by endpoint.
//
// node update-and-die.mjs TIME FOLDER:POINT... prints, before it dies, the points of those whose updates came to their ends, as JSON.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";

/** The endpoint that an operation belongs to: how many there were, before which it stops, and whom to tell. */
const lives = new AsyncLocalStorage();
const never = new Promise(() => undefined);

function counting(target, names) {
  for (const name of names) {
    const original = target[name];
    target[name] = function (...args) {
      const life = lives.getStore();
      if (life === undefined || ++life.operations < life.diesAt) return original.apply(this, args);
      life.stopped();
      return never;
    };
  }
}
const names = ["open", "rename", "link", "unlink", "symlink", "rm", "rmdir", "mkdir", "utimes"];
counting(fs.promises, [...names, "writeFile", "copyFile", "truncate"]);
const probe = await fs.promises.open(new URL(import.meta.url).pathname);
counting(Object.getPrototypeOf(probe), ["write", "writeFile", "sync", "datasync", "truncate"]);
await probe.close();
syncBuiltinESMExports();

const dist = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { Updater } = await dist("client/index.js");
const { openFilesystemEndpointStore } = await dist("adapters/endpoint-store/filesystem.js");
const { openHTTPFetcher } = await dist("adapters/fetcher/http.js");
const { openPackCodec } = await dist("adapters/codec/pack-codec.js");

const digest = () => {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), finish: () => new Uint8Array(hash.digest()) };
};
const [time, ...targets] = process.argv.slice(2);
const clock = { now: () => new Date(time) };
const fetcher = openHTTPFetcher();
const codec = await openPackCodec({ workers: 0 });

async function update(folder) {
  const store = await openFilesystemEndpointStore(folder);
  await new Updater({ store, fetcher, codec, clock, digest }).update();
}

const survivors = [];
await Promise.all(
  targets.map((target) => {
    const [folder, point] = target.split(":");
    return new Promise((stopped, failed) => {
      const life = { operations: 0, diesAt: Number(point), stopped };
      const survived = () => {
        survivors.push(life.diesAt);
        stopped();
      };
      lives.run(life, () => update(folder)).then(survived, failed);
    });
  }),
);
fs.writeSync(1, JSON.stringify(survivors));
process.kill(process.pid, "SIGKILL");
