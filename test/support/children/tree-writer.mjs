// Places immutable files, then swaps the head that names the newest, and acknowledges.
import { writeSync } from "node:fs";
import { openFilesystemTree } from "../../../dist/adapters/public-tree/filesystem.js";

const [path, start] = process.argv.slice(2);
const tree = await openFilesystemTree(path);
const bytes = (text) => new TextEncoder().encode(text);
for (let i = Number(start) + 1; ; i++) {
  await tree.putImmutable(`metadata/${i}.json`, bytes(`file ${i} `.repeat(20_000)));
  await tree.swapHead("metadata/timestamp.json", await tree.read("metadata/timestamp.json"), bytes(`${i}`));
  writeSync(1, `${i}\n`);
}
