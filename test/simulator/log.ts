/** The log of a simulated publisher: honest, unless a test puts another log, other witnesses or other evidence in its place. */
import { utf8Text } from "../../src/core/encoding/bytes.js";
import { formatLogProof } from "../../src/core/log/log-proof.js";
import { formatNote } from "../../src/core/log/note.js";
import { type ReleaseEntry, formatReleaseLogEntry } from "../../src/core/log/release-entries.js";
import { evidencePath } from "../../src/core/release/tree-paths.js";
import type { LogDemand } from "../../src/core/log/log-policy.js";
import { type LogEvidence, formatEvidence } from "../../src/core/trust/evidence.js";
import type { Manifest } from "../../src/core/trust/model.js";
import { type TestKey, TestLog, cosign, testLogPolicy, testWitnesses } from "../support/log-world.js";
import { digestOf } from "./digest-of.js";

export class SimulatedLog {
  log = new TestLog();
  witnesses: readonly TestKey[] = testWitnesses.slice(0, 2);
  /** Changes what the evidence says; undefined for no document at all. */
  lie: (evidence: LogEvidence) => LogEvidence | undefined = (evidence) => evidence;
  cosignatureHoursMax: number | undefined;
  #shown = 0;

  get demand(): LogDemand {
    const hours = this.cosignatureHoursMax;
    return {
      policy: testLogPolicy(this.log.log),
      ...(hours !== undefined && { cosignatureHoursMax: hours }),
    };
  }

  /** Logs a release and puts its evidence and the log's files into the tree. */
  async publish(
    tree: Map<string, Uint8Array>,
    now: Date,
    manifest: Manifest,
    bytes: Uint8Array,
  ): Promise<void> {
    const { feed, release, database, sourceTreeSha256, previousManifestSha256 } = manifest.block;
    const manifestSha256 = digestOf(bytes);
    const entry: ReleaseEntry = {
      ...{ kind: "release", time: `${now.toISOString().slice(0, 19)}Z`, feed, release, manifestSha256 },
      ...{ databaseSha256: database.sha256, sourceTreeSha256, previousManifestSha256 },
    };
    const index = this.log.size;
    this.log.append(formatReleaseLogEntry(entry));
    const from = Math.min(this.#shown, index);
    const consistency = { from, hashes: await this.log.continues(from) };
    this.#shown = this.log.size;
    const proof = await this.log.prove(index, this.#cosigned(now));
    const honest: LogEvidence = {
      ...{ entry: utf8Text(formatReleaseLogEntry(entry)), proof: formatLogProof(proof) },
      ...(consistency.from > 0 && { consistency }),
    };
    const log = this.lie(honest);
    const index1 = { feed, release, manifestSha256, cmsSha256: manifestSha256 };
    tree.set(evidencePath(feed, release), formatEvidence({ ...index1, ...(log && { log }) }));
    this.show(tree, now);
  }

  /** The newest checkpoint and every tile. */
  show(tree: Map<string, Uint8Array>, now: Date): void {
    tree.set("log/checkpoint", formatNote(this.#cosigned(now)));
    for (const [path, file] of this.log.files) tree.set(`log/${path}`, file);
  }

  #cosigned(now: Date) {
    const time = Math.floor(now.getTime() / 1000);
    return cosign(this.log.checkpoint(), time, ...this.witnesses);
  }
}
