import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Only ends what hangs: the longest tests kill and restart whole processes, on whatever machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: "forks",
    maxWorkers: 2,
    // A worker loads each module once for all of its files: half of the CPU of the suite was loading. No module keeps state.
    isolate: false,
    reporters: ["default"],
  },
});
