import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { feedName } from "../../src/core/brands.js";
import { memorySink, memorySource } from "../../src/core/encoding/stream.js";
import { sha256, sha256Digest } from "../../src/core/encoding/sha256.js";
import { digestDatabase, openDatabase } from "../../src/core/format/database.js";
import { decodeFullPack } from "../../src/core/format/full-pack.js";
import { verifySignature } from "../../src/core/pki/verify-signature.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { listen, stop } from "../support/listen.js";
import { type Desk, feed, openDesk } from "./desk.js";
import { testCodec } from "./test-codec.js";

const yara = 'rule Sample { strings: $a = "sample bytes" condition: $a }\n';
const suricata = 'alert tcp any any -> any 80 (msg:"x"; content:"y"; sid:1000001; rev:1;)\n';

describe("from a submission to a stranger's client", () => {
  let desk: Desk;
  let release: ReleaseRecord;
  let server: Awaited<ReturnType<typeof listen>>;

  beforeAll(async () => {
    desk = await openDesk();
    await desk.addRules("samples", "yara", { "a.yar": yara });
    await desk.addRules("network", "suricata", { "n.rules": suricata });
    await desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n192.0.2.7\n" });
    await desk.release();
    await desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\nworse.example.com\n" });
    release = await desk.release();
    server = await listen((request, response) => {
      readFile(join(desk.folder, "public", new URL(request.url ?? "/", "http://x").pathname)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
  });
  afterAll(async () => {
    await stop(server.server);
    await desk.close();
  });

  it("is accepted by tuf-js, which downloads the packs and gets the database that was signed", async () => {
    const [metadataDir, targetDir] = [join(desk.folder, "tuf"), join(desk.folder, "downloads")];
    await mkdir(metadataDir);
    await mkdir(targetDir);
    await writeFile(join(metadataDir, "root.json"), desk.root);
    const updater = new Updater({
      metadataDir,
      targetDir,
      metadataBaseUrl: `${server.origin}/metadata`,
      targetBaseUrl: `${server.origin}/targets`,
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(`${feed}/2.full.rmp`);
    expect(info?.custom).toMatchObject({ kind: "full", from: 0, to: 2 });
    const pack = new Uint8Array(await readFile(await updater.downloadTarget(info!)));
    const sink = memorySink();
    await decodeFullPack(memorySource(pack), sink, testCodec, sha256Digest);
    const database = await openDatabase(memorySource(sink.bytes()));
    expect(await digestDatabase(memorySource(sink.bytes()), sha256Digest)).toBe(release.database?.sha256);
    expect(await database.findRule("yara", "Sample")).toBeDefined();
    expect(await database.findRule("suricata", "1:1000001")).toBeDefined();
    expect(await database.findRule("ioc", "worse.example.com")).toBeDefined();
    expect(await database.findRule("ioc", "192.0.2.7")).toBeUndefined();
    for (const { path } of release.packs) expect(await updater.getTargetInfo(path)).toBeDefined();
  });

  it("has a CMS with time-stamp beside every pack and over the manifest, by the publisher's certificate", async () => {
    const policy = await publishedPolicy(desk.context);
    const read = async (path: string) => new Uint8Array(await readFile(join(desk.folder, "public", path)));
    const signed = [
      ["metadata/2.endpoint.json", "evidence/endpoint/2.p7s"],
      ...release.packs.map(({ path, sha256: digest }) => {
        const file = `targets/endpoint/${digest}.${path.split("/")[1]}`;
        return [file, `${file}.p7s`];
      }),
    ];
    for (const [content, signature] of signed as [string, string][]) {
      const contentSha256 = await sha256(await read(content));
      const proven = await verifySignature({
        contentSha256,
        cms: await read(signature),
        policy,
        now: desk.now,
      });
      expect(proven.signer.spki).toEqual(desk.context.publisher.spki);
    }
    const index = JSON.parse(new TextDecoder().decode(await read("evidence/endpoint/2.json")));
    expect(index).toMatchObject({ schema: 1, feed: feedName("endpoint"), release: 2 });
    expect(index.manifestSha256).toBe(release.manifestSha256);
    expect(index.cmsSha256).toBe(release.manifestCmsSha256);
  });
});
