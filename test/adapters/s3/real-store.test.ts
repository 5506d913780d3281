/** The contracts of objects and of the public tree on a real store, Ceph's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openS3Objects } from "../../../src/adapters/objects/s3.js";
import { openS3Tree } from "../../../src/adapters/public-tree/s3.js";
import { openS3, type S3Store } from "../../../src/adapters/s3-store.js";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { objectStoreContract } from "../../contract/object-store.js";
import { publicTreeContract } from "../../contract/public-tree.js";
import { noS3, startS3, type TestS3 } from "../../support/ceph.js";
import { temporaryFolder } from "../../support/temporary.js";

if (noS3 !== undefined) process.stderr.write(`not run: the contracts on S3: ${noS3}\n`);

describe.runIf(noS3 === undefined)("a real S3 store", () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3?.stop());

  /** Everybody gets a bucket, and every opening a client, of its own. */
  async function place<T>(open: (store: S3Store) => Promise<T>) {
    const settings = await s3.bucket();
    const stores: S3Store[] = [];
    return {
      open: async () => {
        const store = await openS3({ ...settings, prefix: "some/prefix/" });
        stores.push(store);
        return open(store);
      },
      remove: async () => {
        for (const store of stores) await store.close();
      },
    };
  }

  objectStoreContract("S3", {
    place: async () => {
      const folder = await temporaryFolder();
      const bucket = await place((store) => openS3Objects(store, folder.path));
      return { open: bucket.open, remove: () => bucket.remove().then(folder.remove) };
    },
  });
  publicTreeContract("S3", { place: () => place(openS3Tree) });

  it("keeps an object that is larger than memory holds, and reads parts of it", async () => {
    const folder = await temporaryFolder();
    const bucket = await place((store) => openS3Objects(store, folder.path));
    const objects = await bucket.open();
    const large = new Uint8Array(9 * 1024 * 1024 + 7).map((_, i) => i * 31);
    const { sha256, bytes } = await objects.put([large.subarray(0, 5_000_000), large.subarray(5_000_000)]);
    expect(bytes).toBe(large.length);
    const object = await objects.open(sha256);
    expect(Buffer.compare(await object!.read(0, bytes), large)).toBe(0);
    expect(await object!.read(8_000_000, 99)).toEqual(large.slice(8_000_000, 8_000_099));
    await object?.close();
    await bucket.remove();
    await folder.remove();
  });

  it("says what a file is, and how long it may be kept, for whoever serves the bucket", async () => {
    const settings = await s3.bucket();
    const store = await openS3(settings);
    const tree = await openS3Tree(store);
    await tree.putImmutable("metadata/1.root.json", utf8Bytes("{}"));
    await tree.swapHead("metadata/timestamp.json", undefined, utf8Bytes("{}"));
    const { GetObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
    const { endpoint, region, credentials, bucket } = settings;
    const client = new S3Client({
      endpoint: endpoint!,
      region,
      credentials: credentials!,
      forcePathStyle: true,
    });
    const headers = async (Key: string) => {
      const { ContentType, CacheControl } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return [ContentType, CacheControl];
    };
    const year = "public, max-age=31536000, immutable";
    expect(await headers("metadata/1.root.json")).toEqual(["application/json", year]);
    expect(await headers("metadata/timestamp.json")).toEqual(["application/json", "no-cache"]);
    client.destroy();
    await store.close();
  });

  it.each([
    ["a bucket that is not there", { bucket: "no-such-bucket" }],
    ["a wrong secret", { credentials: { accessKeyId: "AKTEST", secretAccessKey: "WRONG-SECRET" } }],
  ])("fails at once, and tells no secret, for %s", async (_, wrong) => {
    const store = await openS3({ ...(await s3.bucket()), ...wrong });
    const refused = await openS3Tree(store).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: "STORE_FAILED" });
    expect(JSON.stringify([refused, (refused as Error).message])).not.toMatch(/SECRET|AKTEST/);
    await store.close();
  });
});
