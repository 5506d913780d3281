/** A publisher whose objects and public tree are in a real store: published once, and what endpoints read is the bucket itself. */
import { rmSync, writeFileSync, mkdtempSync, renameSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noS3, startS3, type TestS3 } from "../../support/ceph.js";
import { indicators, PublisherProcess, rulemint } from "../../faults/publisher-process.js";

if (noS3 !== undefined) process.stderr.write(`not run: a publisher on S3: ${noS3}\n`);

describe.runIf(noS3 === undefined)("a publisher on a real S3 store", () => {
  let s3: TestS3;
  let folder: string;
  let publisher: PublisherProcess;
  let world: string;
  beforeAll(async () => {
    s3 = await startS3();
    folder = mkdtempSync(join(tmpdir(), "rulemint-s3-"));
    publisher = new PublisherProcess(folder);
    await publisher.init();
    const [objects, tree] = [await s3.bucket(), await s3.bucket()];
    await letEverybodyRead(tree.bucket);
    world = `${s3.endpoint}/${tree.bucket}`;
    writeFileSync(join(publisher.data, "keys", "s3.secret"), `${s3.secretAccessKey}\n`, { mode: 0o600 });
    publisher.environment.S3_KEY_ID = s3.accessKeyId;
    const place = (bucket: string) => ({
      ...{ kind: "s3", endpoint: s3.endpoint, bucket },
      accessKey: { environment: "S3_KEY_ID" },
      secretKey: { file: "keys/s3.secret" },
    });
    publisher.configure({ objects: place(objects.bucket), publicTree: place(tree.bucket) });
  });
  afterAll(async () => {
    await publisher?.stop();
    await s3?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function letEverybodyRead(bucket: string): Promise<void> {
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
    const Resource = [`arn:aws:s3:::${bucket}/*`];
    const read = { Effect: "Allow", Principal: "*", Action: ["s3:GetObject"], Resource };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [read] });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    client.destroy();
  }

  it("moves there with one command, which may be run again", async () => {
    for (let i = 0; i < 2; i++) {
      const loaded = await rulemint(
        ["objects", "load", "--data", publisher.data, "--json"],
        publisher.environment,
      );
      expect(loaded, loaded.stderr).toMatchObject({ exit: 0 });
      expect((JSON.parse(loaded.stdout) as { files: number }).files).toBeGreaterThan(3);
      expect(loaded.stdout + loaded.stderr).not.toContain(s3.secretAccessKey);
    }
    // Nothing of either is read from the data folder any more.
    renameSync(join(publisher.data, "public"), join(folder, "public-before"));
    renameSync(join(publisher.data, "objects"), join(folder, "objects-before"));
  });

  it("publishes, log and rebuild and all, and endpoints update from the bucket and from the service", async () => {
    await publisher.start();
    await publisher.addRules("hosts", { "hosts.txt": indicators(0) });
    await publisher.release(1);
    for (const [name, url] of [
      ["bucket", world],
      ["service", publisher.origin],
    ] as const) {
      const state = join(folder, `endpoint-${name}`);
      const root = join(publisher.data, "root.json");
      const init = await rulemint(["client", "init", "--state", state, "--url", url, "--root", root]);
      expect(init, init.stderr).toMatchObject({ exit: 0 });
      const update = await rulemint(["client", "update", "--state", state, "--json"]);
      expect(update, update.stderr).toMatchObject({ exit: 0 });
      expect(JSON.parse(update.stdout)).toMatchObject({ release: 1 });
    }
    const audit = ["audit", "release", "--url", world, "--root", join(publisher.data, "root.json")];
    const audited = await rulemint([...audit, "--feed", "endpoint", "--json"]);
    expect(audited, audited.stdout).toMatchObject({ exit: 0 });
    expect(readdirSync(publisher.data)).not.toContain("public");
    expect(readdirSync(publisher.data)).not.toContain("objects");
  });

  it("goes on after kill -9 where it was", async () => {
    await publisher.addRules("hosts", { "hosts.txt": indicators(1) });
    await publisher.build();
    await publisher.stop("SIGKILL");
    await publisher.start();
    await publisher.reaches(2, ({ state }) => state === "signed");
    expect(await publisher.assay()).toMatchObject({ exit: 0 });
    await publisher.publish(2);
    await publisher.reaches(2, ({ state }) => state === "published");
    const update = await rulemint(["client", "update", "--state", join(folder, "endpoint-bucket"), "--json"]);
    expect(JSON.parse(update.stdout)).toMatchObject({ release: 2 });
  });

  it("says in a backup that the buckets are not in it", async () => {
    const out = join(folder, "saved.tar");
    const made = await rulemint(["backup", "--data", publisher.data, "--out", out], publisher.environment);
    expect(made, made.stderr).toMatchObject({ exit: 0, stdout: expect.stringContaining("in the bucket") });
  });
});
