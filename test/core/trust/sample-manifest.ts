/** A small sound manifest of release 3, for tests to bend. */
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import type { PackFacts } from "../../../src/core/format/model.js";
import type { Manifest } from "../../../src/core/trust/model.js";

const digest = (digit: string) => sha256Hex(digit.repeat(64));

export function samplePack(from: number, to: number, change: Partial<PackFacts> = {}): PackFacts {
  const kind = from === 0 ? "full" : "delta";
  return {
    path: kind === "full" ? `endpoint/${to}.full.rmp` : `endpoint/${from}-${to}.delta.rmp`,
    kind,
    from,
    to: releaseNumber(to),
    bytes: 100,
    sha256: digest("a"),
    databaseSha256: digest(String(to)),
    databaseBytes: 1000 + to,
    codec: "zstd",
    ...change,
  };
}

export function sampleManifest(change: Partial<Manifest> = {}): Manifest {
  return {
    version: releaseNumber(3),
    expires: "2027-01-01T00:00:00Z",
    block: {
      schema: 1,
      feed: feedName("endpoint"),
      release: releaseNumber(3),
      createdAt: "2026-11-22T00:00:00Z",
      database: { sha256: digest("3"), bytes: 1003, rules: { yara: 2 } },
      sourceTreeSha256: digest("b"),
      compiler: { name: "rulemint", version: "0.1.0", sha256: digest("c") },
      previousManifestSha256: digest("d"),
      minimumClient: "0.1.0",
      approvalsSha256: digest("e"),
    },
    packs: [samplePack(0, 3), samplePack(2, 3), samplePack(1, 2)],
    ...change,
  };
}
