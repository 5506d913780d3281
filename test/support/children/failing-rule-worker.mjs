// A parser that fails in the way the file's path names; other files get an answer with nothing in it.
import { parentPort } from "node:worker_threads";

const failures = {
  dies: () => process.exit(3),
  throws: () => {
    throw new Error("no such luck");
  },
  hangs: () => {
    for (;;);
  },
};

parentPort.on("message", ({ parts }) => {
  const files = parts.flat();
  for (const { path } of files) failures[path]?.();
  parentPort.postMessage(files.map(({ path }) => ({ path, records: [], lines: [], findings: [] })));
});
