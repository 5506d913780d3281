import { defineConfig } from "vitest/config";

const include = ["test/**/*.test.ts"];
/** SoftHSM reads its settings once a process: a file that loads it needs a process of its own. */
const alone = ["adapters/signer/pkcs11", "assay/separate-party", "interop/openssl-cms", "main/ceremony"].map(
  (name) => `test/${name}.test.ts`,
);

export default defineConfig({
  test: {
    // Only ends what hangs: the longest tests kill and restart whole processes, on whatever machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: "forks",
    maxWorkers: 2,
    projects: [
      // A worker loads each module once for all of its files: half of the CPU of the suite was loading. No module keeps state.
      { extends: true, test: { name: "shared", include, exclude: alone, isolate: false } },
      { extends: true, test: { name: "alone", include: alone, isolate: true } },
    ],
    reporters: ["default"],
  },
});
