// Puts objects in small chunks and acknowledges each by its digest after `put` returned.
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { openFilesystemObjects } from "../../../dist/adapters/objects/filesystem.js";

const store = await openFilesystemObjects(process.argv[2]);
for (;;) {
  const chunks = Array.from({ length: 20 }, () => randomBytes(10_000));
  writeSync(1, `${(await store.put(chunks)).sha256}\n`);
}
