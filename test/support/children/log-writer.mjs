// Writes a log and says what was acknowledged. With a number it kills itself with SIGKILL just before the file operation of that
// number, and prints how many there were when it survives; without one it goes on until it is killed from outside.
import fs from "node:fs";
import { createHash, randomUUID } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

const [files, state, rounds, killAt] = process.argv.slice(2);
let operations = 0;
function counting(target, names) {
  for (const name of names) {
    const original = target[name];
    target[name] = function (...args) {
      if (++operations === Number(killAt)) process.kill(process.pid, "SIGKILL");
      return original.apply(this, args);
    };
  }
}
if (killAt !== undefined) {
  counting(fs.promises, ["open", "rename", "link", "unlink", "rm", "mkdir", "writeFile"]);
  const probe = await fs.promises.open(new URL(import.meta.url).pathname);
  counting(Object.getPrototypeOf(probe), ["write", "writeFile", "sync", "datasync", "truncate"]);
  await probe.close();
  syncBuiltinESMExports();
  operations = 0;
}

const dist = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { openFilesystemLog } = await dist("adapters/log/filesystem.js");
const { formatNote } = await dist("core/log/note.js");
const { formatCheckpoint } = await dist("core/log/checkpoint.js");

const digest = () => {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), finish: () => new Uint8Array(hash.digest()) };
};
// Synchronous: a line that was printed is seen outside, whatever comes next.
const say = (line) => fs.writeSync(1, `${line}\n`);

const log = await openFilesystemLog({ files, state, digest });
for (let round = 0; round < Number(rounds); round++) {
  const calls = Array.from({ length: 4 }, (_, i) => {
    const texts = Array.from(
      { length: i === 3 ? 60 : 1 + i },
      () => `${randomUUID()} ${"x".repeat(round % 90)}`,
    );
    return log.append(texts.map((text) => new TextEncoder().encode(text))).then((first) => {
      for (const [at, text] of texts.entries()) say(`entry ${first + at} ${text}`);
    });
  });
  await Promise.all(calls);
  if (round % 2 === 1) {
    const head = await log.settle();
    const signature = { name: "test", keyID: new Uint8Array(4), signature: new Uint8Array(64) };
    const text = formatCheckpoint({ origin: "test", ...head, extensions: [] });
    const note = formatNote({ text, signatures: [signature] });
    await log.writeHead("signed", note);
    say(`signed ${head.size} ${Buffer.from(head.root).toString("hex")}`);
    await log.writeHead("checkpoint", note);
  }
}
await log.close();
say(`operations ${operations}`);
