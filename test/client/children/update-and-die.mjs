// Updates an endpoint and kills itself with SIGKILL just before the file operation of the given number. Prints how many
// there were when it survives. Every write, flush, rename, link and removal of the process counts.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createHash } from "node:crypto";

const [folder, now, killAt] = process.argv.slice(2);
let operations = 0;
function count() {
  if (++operations === Number(killAt)) process.kill(process.pid, "SIGKILL");
}
function counting(target, names) {
  for (const name of names) {
    const original = target[name];
    target[name] = function (...args) {
      count();
      return original.apply(this, args);
    };
  }
}
counting(fs.promises, [
  "open",
  "rename",
  "link",
  "unlink",
  "symlink",
  "rm",
  "rmdir",
  "mkdir",
  "writeFile",
  "copyFile",
]);
const probe = await fs.promises.open(import.meta.filename ?? new URL(import.meta.url).pathname);
counting(Object.getPrototypeOf(probe), ["write", "writeFile", "sync", "datasync"]);
await probe.close();
syncBuiltinESMExports();
operations = 0;

const dist = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { Updater } = await dist("client/index.js");
const { openFilesystemEndpointStore } = await dist("adapters/endpoint-store/filesystem.js");
const { openHTTPFetcher } = await dist("adapters/fetcher/http.js");
const { openPackCodec } = await dist("adapters/codec/pack-codec.js");

const digest = () => {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), finish: () => new Uint8Array(hash.digest()) };
};
const fetcher = openHTTPFetcher();
const updater = new Updater({
  store: await openFilesystemEndpointStore(folder),
  fetcher,
  codec: await openPackCodec({ workers: 0 }),
  clock: { now: () => new Date(now) },
  digest,
});
await updater.update();
await fetcher.close();
console.log(operations);
