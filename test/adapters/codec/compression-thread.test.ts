import { expect, it } from "vitest";
import { CompressionThread } from "../../../src/adapters/codec/compression-thread.js";
import { codeOf } from "../../core/format/samples.js";

const script = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

it("gives an error, and does not wait for ever, when every thread dies of a block", async () => {
  const thread = new CompressionThread(
    script(`import { parentPort } from "node:worker_threads";
      parentPort.on("message", () => process.exit(3));`),
  );
  expect(await codeOf(() => thread.compress("xz", new Uint8Array(9)))).toBe("CODEC_FAILED");
  await thread.close();
});

it("tries a block again in a new thread when the first one dies", async () => {
  // the second thread sees the mark that the first one left in memory that both share
  const thread = new CompressionThread(
    script(`import { parentPort } from "node:worker_threads";
      parentPort.on("message", ({ block: bytes }) => {
        if (Atomics.add(bytes, 0, 1) === 0) process.exit(3);
        parentPort.postMessage({ piece: Uint8Array.of(7) });
      });`),
  );
  const bytes = new Uint8Array(new SharedArrayBuffer(1));
  expect(await thread.compress("xz", bytes)).toEqual(Uint8Array.of(7));
  await thread.close();
});
