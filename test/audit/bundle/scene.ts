/** A service with releases, bundles of them in memory, and what a liar makes of a bundle. */
import { readFileSync } from "node:fs";
import { openDesk } from "../../../src/adapters/desk/http.js";
import { openHTTPFetcher } from "../../../src/adapters/fetcher/http.js";
import { collectBundle } from "../../../src/audit/bundle/collect.js";
import { bundlePaths, formatSums } from "../../../src/audit/bundle/layout.js";
import { type BundleQuestion, verifyBundle } from "../../../src/audit/bundle/verify.js";
import { writeBundle } from "../../../src/audit/bundle/write.js";
import { fetchedFiles } from "../../../src/audit/fetch-file.js";
import type { AuditReport } from "../../../src/audit/report.js";
import { releaseNumber } from "../../../src/core/brands.js";
import { compareBytes, hexText, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { sha256, sha256Digest } from "../../../src/core/encoding/sha256.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { readTarIndex, tarOf } from "../../../src/core/encoding/tar-index.js";
import { directWorkers, feed } from "../../services/desk.js";
import { testCodec } from "../../services/test-codec.js";
import type { TestService } from "../../support/service.js";

export const verifyPage = readFileSync(new URL("../../../docs/VERIFY.md", import.meta.url), "utf8");
export const workshop = { codec: testCodec, digest: sha256Digest, workers: directWorkers };

/** As an auditor with a token exports it; without sources when `token` is null. */
export async function exported(
  service: TestService,
  release: number,
  token: string | null = service.tokens.auditor,
): Promise<Uint8Array> {
  const fetcher = openHTTPFetcher();
  const archive = token === null ? undefined : openDesk({ server: service.origin, token });
  try {
    const members = await collectBundle({
      ...{ files: fetchedFiles(fetcher, service.origin), feed, release: releaseNumber(release), verifyPage },
      ...{ now: service.desk.now, workshop: { ...workshop, archive } },
    });
    const sink = memorySink();
    await writeBundle(members, sink);
    return sink.bytes();
  } finally {
    await fetcher.close();
  }
}

export function verified(
  bundle: Uint8Array,
  root: Uint8Array,
  change: Partial<BundleQuestion> = {},
): Promise<AuditReport> {
  return verifyBundle({
    ...{ name: "b.tar", source: memorySource(bundle), root, now: new Date("2099-01-01T00:00:00Z") },
    ...{ rebuild: false, workshop, verifyPage },
    ...change,
  });
}

export type Members = Map<string, Uint8Array>;

export async function membersOf(bundle: Uint8Array): Promise<Members> {
  const members = (await readTarIndex(memorySource(bundle))).values();
  return new Map([...members].map(({ path, offset, bytes }) => [path, bundle.slice(offset, offset + bytes)]));
}

/** A bundle in its one form, with a list of digests that fits: whatever lies is in the members. */
export async function bundleOf(members: Members): Promise<Uint8Array> {
  const others = [...members].filter(([path]) => path !== bundlePaths.sums);
  const digests = others.map(async ([path, bytes]) => ({
    path,
    sha256: hexText(await sha256(bytes)) as never,
  }));
  const sums = formatSums(await Promise.all(digests));
  const sorted = [...others, [bundlePaths.sums, sums] as const].sort(([a], [b]) =>
    compareBytes(utf8Bytes(a), utf8Bytes(b)),
  );
  return tarOf(sorted);
}

/** The bundle with one thing changed by somebody who knows the format. */
export async function bent(bundle: Uint8Array, bend: (members: Members) => unknown): Promise<Uint8Array> {
  const members = await membersOf(bundle);
  await bend(members);
  return bundleOf(members);
}

export const flip = (bytes: Uint8Array): Uint8Array =>
  bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1);
