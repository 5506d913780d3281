/** Where objects and the public tree are: in the data folder, or in buckets; and `rulemint objects load`, which moves them there. */
import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { openFilesystemObjects } from "../adapters/objects/filesystem.js";
import { openS3Objects } from "../adapters/objects/s3.js";
import { openFilesystemTree } from "../adapters/public-tree/filesystem.js";
import { openS3Tree } from "../adapters/public-tree/s3.js";
import { openS3, type S3Store } from "../adapters/s3-store.js";
import type { Progress, Report } from "../cli/doors.js";
import { OperationError, UsageError, quote } from "../core/errors.js";
import { isPublicPath, isReplaced, publicHead } from "../core/release/public-paths.js";
import type { ObjectStore } from "../ports/object-store.js";
import type { PublicTree } from "../ports/public-tree.js";
import { type Configuration, readConfiguration, readSecret } from "./configuration.js";
import type { S3Place } from "./storage-settings.js";
import { tellAccessLog } from "./tell-access-log.js";

type Place = Pick<Configuration, "objects" | "publicTree">;

const nothing = { close: () => Promise.resolve() };
const atOnce = 8;

/** @throws OperationError STORE_FULL, STORE_FAILED */
export async function openObjects(folder: string, { objects }: Pick<Place, "objects">) {
  if (objects.kind === "folder") {
    return { objects: await openFilesystemObjects(join(folder, "objects")), close: nothing.close };
  }
  const store = await openS3(settingsOf(folder, objects));
  const opened = await openS3Objects(store, join(folder, "spool")).catch(closing(store));
  return { objects: opened, close: () => store.close() };
}

/** @throws OperationError STORE_UNSUITABLE, STORE_FULL, STORE_FAILED */
export async function openTree(folder: string, { publicTree }: Pick<Place, "publicTree">) {
  if (publicTree.kind === "folder") {
    return { tree: await openFilesystemTree(join(folder, "public")), close: nothing.close };
  }
  const store = await openS3(settingsOf(folder, publicTree));
  return { tree: await openS3Tree(store).catch(closing(store)), close: () => store.close() };
}

const closing = (store: S3Store) => async (error: unknown) => {
  await store.close();
  throw error;
};

function settingsOf(folder: string, place: S3Place) {
  const { endpoint, region, bucket, prefix, accessKey, secretKey } = place;
  return {
    ...{ endpoint, region, bucket, prefix },
    pathStyle: place.pathStyle ?? endpoint !== undefined,
    credentials: accessKey &&
      secretKey && {
        accessKeyId: readSecret(folder, accessKey),
        secretAccessKey: readSecret(folder, secretKey),
      },
    silenceMs: place.silenceSeconds * 1000,
  };
}

/** Which parts of the data folder are elsewhere, for whoever saves the folder. */
export function storedElsewhere({ objects, publicTree }: Place): string[] {
  const named = [
    ["objects", objects],
    ["public tree", publicTree],
  ] as const;
  return named.flatMap(([name, place]) =>
    place.kind === "s3" ? [`${name} in the bucket ${place.bucket}`] : [],
  );
}

/**
 * `rulemint objects load`: what the data folder has of objects and of the public tree into the configured buckets, while no service runs.
 * Safe to run again. @throws UsageError USAGE; OperationError STORE_*, RECORD_CONFLICT for a bucket that has other files
 */
export async function loadObjects(data: string, progress: Progress): Promise<Report> {
  const folder = resolve(data);
  const configuration = readConfiguration(folder);
  const where = storedElsewhere(configuration);
  if (where.length === 0)
    throw new UsageError("USAGE", "expected objects or publicTree of kind s3 in rulemint.yaml, got none");
  await tellAccessLog(folder, { operation: "objects load", target: where.join(", ") });
  const count = { objects: 0, files: 0 };
  if (configuration.objects.kind === "s3") {
    const opened = await openObjects(folder, configuration);
    count.objects = await copyObjects(join(folder, "objects"), opened.objects).finally(opened.close);
    progress(`${count.objects} objects are in the bucket`);
  }
  if (configuration.publicTree.kind === "s3") {
    const opened = await openTree(folder, configuration);
    count.files = await copyTree(join(folder, "public"), opened.tree).finally(opened.close);
  }
  const text = `Loaded ${count.objects} objects and ${count.files} public files: ${where.join(", ")}. What the data folder still has of them is not read any more.`;
  return { ok: true, json: count, text };
}

async function copyObjects(root: string, objects: ObjectStore): Promise<number> {
  const names = (await filesIn(root)).filter((path) => /(^|\/)[0-9a-f]{64}$/.test(path));
  await eachOf(names, async (path) => {
    const { sha256 } = await objects.put(createReadStream(join(root, path)));
    if (path.endsWith(sha256)) return;
    throw new OperationError(
      "STORE_FAILED",
      `expected the bytes that ${quote(path)} is named by, got ${sha256}`,
    );
  });
  return names.length;
}

/** Heads come last, `timestamp.json` last of all: nobody is ever pointed at what is not there yet. */
async function copyTree(root: string, tree: PublicTree): Promise<number> {
  const paths = (await filesIn(root)).filter(isPublicPath);
  const bytesOf = async (path: string) => new Uint8Array(await readFile(join(root, path)));
  await eachOf(
    paths.filter((path) => !isReplaced(path)),
    async (path) => tree.putImmutable(path, await bytesOf(path)),
  );
  const heads = paths.filter((path) => isReplaced(path) && path !== publicHead);
  for (const path of paths.includes(publicHead) ? [...heads, publicHead] : heads) {
    await tree.swapHead(path, await tree.read(path), await bytesOf(path));
  }
  return paths.length;
}

async function filesIn(root: string): Promise<string[]> {
  if (!existsSync(root)) return [];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => relative(root, path)).sort();
}

async function eachOf(items: readonly string[], work: (item: string) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce) await Promise.all(items.slice(at, at + atOnce).map(work));
}
