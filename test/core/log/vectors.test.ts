/** test/vectors/log: every format of the log as committed files, judged from the disk and made again byte for byte. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { base64Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { parseCheckpoint } from "../../../src/core/log/checkpoint.js";
import { parseLogPolicy } from "../../../src/core/log/log-policy.js";
import { parseLogProof } from "../../../src/core/log/log-proof.js";
import { treeRoot } from "../../../src/core/log/make-proof.js";
import { verifyConsistency } from "../../../src/core/log/merkle.js";
import { parseNote } from "../../../src/core/log/note.js";
import { readEntries, tileReader } from "../../../src/core/log/read-log.js";
import { parseReleaseLogEntry } from "../../../src/core/log/release-entries.js";
import { tileNodes } from "../../../src/core/log/tiles.js";
import { verifyCheckpoint, verifyLogProof } from "../../../src/core/log/verify-checkpoint.js";
import { parseAddCheckpoint } from "../../../src/core/log/witness-request.js";
import { openVectors } from "../../support/vector-folder.js";
import { entries, makeVectors, now } from "../../vectors/log/make.js";

const made = await makeVectors();
const vectors = openVectors("log", made);
const read = (path: string) => vectors.read(path);
const text = (path: string) => utf8Text(read(path));
const policy = parseLogPolicy(text("log/policy"));
const head = (name: string) => parseCheckpoint(parseNote(read(`log/${name}`)).text);

describe("vectors of the log", () => {
  it("are what their generator makes, byte for byte, and nothing else is there", () => {
    const onDisk = readdirSync(vectors.folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !/^(make\.ts|README\.md)$/.test(one.name))
      .map((one) => join(one.parentPath, one.name).slice(vectors.folder.length));
    expect(onDisk.toSorted()).toEqual([...made.keys()].toSorted());
    for (const [path, bytes] of made) expect(read(path), path).toEqual(Uint8Array.from(bytes));
  });

  it.each(readdirSync(join(vectors.folder, "proofs")).filter((name) => name.endsWith(".tlog-proof")))(
    "SPEC §11.5.2 %s is judged as it says",
    async (name) => {
      const [expected] = text(`proofs/${name.replace(".tlog-proof", ".expect")}`).split("\n");
      const demand = { policy, now, cosignatureSecondsMax: 3600 };
      const judged = async () =>
        verifyLogProof(parseLogProof(text(`proofs/${name}`)), read("proofs/entry"), demand);
      const code = await judged().then(
        () => "success",
        (error) => (error instanceof RulemintError ? error.code : Promise.reject(error)),
      );
      expect(code).toBe(expected);
    },
  );

  it("SPEC §11.4.4 tiles and bundles make the root of a checkpoint with its quorum", async () => {
    const { size, root } = await verifyCheckpoint(parseNote(read("log/checkpoint")), { policy, now });
    const tiles = tileReader(async (name) => {
      const path = join(vectors.folder, "log", name);
      return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
    });
    expect(await treeRoot(size, tileNodes(size, tiles))).toEqual(root);
    const found: string[] = [];
    for await (const bytes of readEntries(tiles, { start: 0, end: size, size })) found.push(utf8Text(bytes));
    expect(found).toEqual(Array.from({ length: size }, (_, i) => `entry ${i}`));
  });

  it("SPEC §11.4.3 the consistency proof leads from the smaller tree to the larger, and from no other", () => {
    const proof = text("log/consistency-100").trim().split("\n").map(base64Bytes);
    const after = head("checkpoint");
    verifyConsistency({ before: head("checkpoint-100"), after, proof });
    expect(() => verifyConsistency({ before: head("fork-100"), after, proof })).toThrowError(
      expect.objectContaining({ code: "LOG_CONSISTENCY_FAILED" }),
    );
    expect(parseAddCheckpoint(read("log/add-checkpoint"))).toMatchObject({ oldSize: 100, proof });
  });

  it("SPEC §11.7.1 there is an entry of each kind, read as it was written", () => {
    for (const entry of entries) {
      expect(parseReleaseLogEntry(read(`entries/${entry.kind}`))).toEqual(entry);
    }
  });
});
