/**
 * A real S3 store: one monitor, one disk and one gateway of Debian's Ceph (`scripts/setup` installs it) on loopback, in a temporary folder,
 * or the store that `RULEMINT_TEST_S3` names (`http://KEY:SECRET@HOST:PORT`).
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Settings } from "../../src/adapters/s3-store.js";
import { temporaryFolder } from "./temporary.js";

export interface TestS3 {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A new, empty bucket. */
  bucket(): Promise<S3Settings>;
  stop(): Promise<void>;
}

const programs = ["ceph-mon", "ceph-osd", "radosgw", "ceph", "monmaptool"];
const installed = programs.every((name) => existsSync(`/usr/bin/${name}`));
const outside = process.env.RULEMINT_TEST_S3;

/** Why the tests on a real store cannot run here; undefined when they can. */
export const noS3 =
  outside !== undefined || (installed && process.getuid?.() === 0)
    ? undefined
    : "no S3 store: install ceph-mon ceph-osd radosgw ceph-common and be root, or name one in RULEMINT_TEST_S3";

export async function startS3(): Promise<TestS3> {
  return outside === undefined ? startCeph() : storeAt(outside);
}

function storeAt(address: string): TestS3 {
  const { origin, username, password } = new URL(address);
  return testStore(origin, { accessKeyId: username, secretAccessKey: password }, async () => undefined);
}

function testStore(
  endpoint: string,
  credentials: { accessKeyId: string; secretAccessKey: string },
  stop: () => Promise<void>,
): TestS3 {
  const region = "us-east-1";
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  return {
    endpoint,
    ...credentials,
    bucket: async () => {
      const bucket = `test-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return { endpoint, region, bucket, prefix: "", pathStyle: true, credentials, silenceMs: 20_000 };
    },
    stop: async () => {
      client.destroy();
      await stop();
    },
  };
}

async function startCeph(): Promise<TestS3> {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  for (const name of ["mon", "osd", "run", "rgw"]) mkdirSync(at(name));
  const [monitor, gateway] = [await freePort(), await freePort()];
  writeFileSync(at("ceph.conf"), settings(folder.path, monitor, gateway));
  const run = (program: string, ...words: string[]) =>
    execFileSync(program, words, { cwd: folder.path, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  const ceph = (...words: string[]) => run("ceph", "-c", "ceph.conf", "--connect-timeout", "20", ...words);
  makeKeys(run);
  run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${monitor}]`, "monmap");
  run("ceph-mon", "-c", "ceph.conf", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring");
  const parts: ChildProcess[] = [];
  const begin = (program: string, ...words: string[]) =>
    parts.push(spawn(program, ["-c", "ceph.conf", "-f", ...words], { cwd: folder.path, stdio: "ignore" }));
  begin("ceph-mon", "-i", "a");
  ceph("osd", "create");
  run("ceph-osd", "-c", "ceph.conf", "-i", "0", "--mkfs");
  ceph("osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default");
  begin("ceph-osd", "-i", "0");
  begin("radosgw", "-n", "client.rgw");
  const endpoint = `http://127.0.0.1:${gateway}`;
  await answers(endpoint, parts);
  const key = ["--access-key=AKTEST", "--secret-key=SKTEST"];
  run("radosgw-admin", "-c", "ceph.conf", "user", "create", "--uid=test", "--display-name=test", ...key);
  return testStore(endpoint, { accessKeyId: "AKTEST", secretAccessKey: "SKTEST" }, async () => {
    for (const part of parts.reverse()) await ended(part);
    await folder.remove();
  });
}

const fsid = randomUUID();

function makeKeys(run: (program: string, ...words: string[]) => string): void {
  const make = (name: string, ...caps: string[]) =>
    run(
      "ceph-authtool",
      "keyring",
      "--gen-key",
      "-n",
      name,
      ...caps.flatMap((cap) => ["--cap", ...cap.split(":")]),
    );
  run("ceph-authtool", "--create-keyring", "keyring");
  make("mon.", "mon:allow *");
  make("client.admin", "mon:allow *", "osd:allow *", "mgr:allow *");
  make("osd.0", "mon:allow profile osd", "osd:allow *");
  make("client.rgw", "mon:allow rw", "osd:allow rwx");
}

function settings(folder: string, monitor: number, gateway: number): string {
  return `[global]
fsid=${fsid}
mon_host=v2:127.0.0.1:${monitor}/0
mon_initial_members=a
osd_pool_default_size=1
osd_pool_default_min_size=1
osd_crush_chooseleaf_type=0
osd_pool_default_pg_num=4
osd_pool_default_pgp_num=4
osd_pool_default_pg_autoscale_mode=off
mon_allow_pool_size_one=true
mon_data_avail_warn=1
mon_data_avail_crit=1
auth_allow_insecure_global_id_reclaim=false
osd_objectstore=bluestore
bluestore_block_size=4294967296
bluestore_block_create=true
bluestore_block_preallocate=false
bluestore_cache_size=67108864
osd_memory_target=939524096
run_dir=${folder}/run
admin_socket=${folder}/run/$name.asok
log_file=
pid_file=
mon_data=${folder}/mon
osd_data=${folder}/osd
rgw_data=${folder}/rgw
keyring=${folder}/keyring
[osd]
public_addr=127.0.0.1
cluster_addr=127.0.0.1
[client.rgw]
rgw_frontends=beast endpoint=127.0.0.1:${gateway}
rgw_dynamic_resharding=false
rgw_thread_pool_size=32
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(endpoint: string, parts: readonly ChildProcess[]): Promise<void> {
  for (;;) {
    const gone = parts.find(({ exitCode }) => exitCode !== null);
    if (gone) throw new Error(`${gone.spawnfile} ended with ${gone.exitCode}`);
    try {
      await fetch(endpoint);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
