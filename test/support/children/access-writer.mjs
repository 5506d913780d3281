// Answers accesses as a service would: an answer is printed only after its entry was taken. Goes on until it is killed.
import fs from "node:fs";
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const dist = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { openFilesystemLog } = await dist("adapters/log/filesystem.js");
const { openSQLiteRecords } = await dist("adapters/records/sqlite.js");
const { AccessLog } = await dist("services/access-log.js");

const digest = () => {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), finish: () => new Uint8Array(hash.digest()) };
};
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const signer = {
  scheme: "ed25519",
  spki: new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
  sign: async (message) => new Uint8Array(sign(null, message, privateKey)),
  close: async () => undefined,
};
const clock = { now: () => new Date() };
const log = new AccessLog({
  open: async () => ({
    ...{ origin: "example.com/access", signer, witnesses: [], clock, digest },
    store: await openFilesystemLog({ files: join(folder, "files"), state: folder, digest }),
  }),
  openings: await openSQLiteRecords({ path: join(folder, "openings.sqlite"), secureDelete: true }),
  ...{ clock, randomBytes: (length) => new Uint8Array(randomBytes(length)), intervalSeconds: 900 },
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
// Synchronous: an answer that was printed is seen outside, whatever comes next.
const caller = async () => {
  for (;;) {
    const target = randomUUID();
    const event = {
      kind: "access",
      who: "ann",
      rights: ["analyst"],
      operation: "getSource",
      from: "192.0.2.1",
    };
    const index = await log.record({ ...event, target });
    fs.writeSync(1, `${index} ${target}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, caller));
