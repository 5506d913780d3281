/** An overseer with a folder of its own, against a real service over HTTP, and the ways in which a publisher may lie to it. */
import { join } from "node:path";
import { openDesk } from "../../src/adapters/desk/http.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { openCompileCache } from "../../src/adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../../src/adapters/databases/in-objects.js";
import { openFilesystemObjects } from "../../src/adapters/objects/filesystem.js";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import type { AssayContext, AssayVerdict } from "../../src/assay/model.js";
import { runAssay } from "../../src/assay/run-assay.js";
import { type ReleaseNumber, sha256Hex } from "../../src/core/brands.js";
import { hexText } from "../../src/core/encoding/bytes.js";
import type { JSONObject } from "../../src/core/encoding/json.js";
import { formatDSSE } from "../../src/core/trust/attest/dsse.js";
import { provenanceFor } from "../../src/core/trust/attest/provenance.js";
import { signStatement } from "../../src/core/trust/attest/sign-statement.js";
import { parseManifest } from "../../src/core/trust/manifest.js";
import type { Manifest } from "../../src/core/trust/model.js";
import type { ServiceContext } from "../../src/services/context.js";
import { sha256, sha256Digest } from "../../src/core/encoding/sha256.js";
import { formatApprovals, formatSources, parseSources } from "../../src/core/release/sources.js";
import type { ReleaseSources } from "../../src/core/release/model.js";
import { signMetadata } from "../../src/issuing/tuf-signatures.js";
import type { Records } from "../../src/ports/records.js";
import type { Signer } from "../../src/ports/signer.js";
import { releaseWrite, requireRelease } from "../../src/services/documents.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { readObject } from "../../src/services/source-batches.js";
import { directWorkers, feed } from "../services/desk.js";
import { testCodec } from "../services/test-codec.js";
import type { TestService } from "../support/service.js";

export const fetcher = openHTTPFetcher();

export interface Overseer {
  readonly context: AssayContext;
  readonly records: Records;
  assay(release?: ReleaseNumber): Promise<AssayVerdict>;
  close(): Promise<void>;
}

export async function openOverseer(
  service: TestService,
  change: Partial<AssayContext> = {},
): Promise<Overseer> {
  const folder = join(service.desk.folder, "overseer");
  const records = await openSQLiteRecords({ path: join(folder, "records.sqlite") });
  const context: AssayContext = {
    desk: openDesk({ server: service.origin, token: service.tokens.overseer }),
    ...{ fetcher, url: service.origin, root: service.desk.root, records, digest: sha256Digest },
    ...{ codec: testCodec, workers: directWorkers, clock: service.desk.context.clock },
    databases: databasesInObjects(await openFilesystemObjects(join(folder, "objects")), records),
    cache: await openCompileCache(join(folder, "compile-cache")),
    signer: service.desk.overseer,
    compiler: service.desk.context.settings.compiler,
    compilers: ["rulemint"],
    party: "overseer",
    onProgress: () => undefined,
    ...change,
  };
  return {
    context,
    records,
    assay: async (release) => {
      const verdict = await runAssay(context, feed, release);
      await service.settled();
      return verdict;
    },
    close: () => records.close(),
  };
}

/** A manifest's `signed` part, for tests to bend. */
// biome-ignore lint/suspicious/noExplicitAny: what a liar writes has no type
export type Loose = any;

export interface Restaging {
  readonly signers?: readonly Signer[];
  readonly record?: Partial<ReleaseRecord>;
}

/** The publisher stages another manifest in place of the one that it made, and signs that. */
export async function restage(
  { desk: { context } }: TestService,
  { release }: ReleaseRecord,
  edit: (signed: Loose) => unknown,
  { signers = [context.publisher], record = {} }: Restaging = {},
): Promise<void> {
  const before = await requireRelease(context.records, feed, release);
  const file = await readObject(context.objects, sha256Hex(before.body.manifestSha256));
  const { signed } = JSON.parse(new TextDecoder().decode(file));
  edit(signed);
  const stored = await context.objects.put([await signMetadata(signed, signers)]);
  const provenance = await provenanceOf(signed, context);
  const body = {
    ...before.body,
    ...{ state: "signed" as const, manifestSha256: sha256Hex(stored.sha256), ...provenance, ...record },
  };
  await context.records.commit([releaseWrite(before, body)]);
}

/** A liar's provenance says what the lie's manifest says; where that is no manifest, there is none to say. */
async function provenanceOf(signed: JSONObject, { objects, publisher }: ServiceContext) {
  let manifest: Manifest;
  try {
    manifest = parseManifest(signed);
  } catch {
    return {};
  }
  const statement = await provenanceFor(manifest, signed, publisher.spki);
  const stored = await objects.put([formatDSSE(await signStatement(statement, publisher))]);
  return { provenanceSha256: sha256Hex(stored.sha256) };
}

/** The same with other sources, whose digest stands in the record, and in the manifest if its editor puts it there. */
export async function withSources(
  service: TestService,
  release: ReleaseRecord,
  bend: (sources: ReleaseSources) => ReleaseSources,
  manifest: "honest" | "to match",
): Promise<void> {
  const { context } = service.desk;
  const sources = bend(parseSources(await readObject(context.objects, release.sourcesSha256)));
  const stored = await context.objects.put([formatSources(sources)]);
  const approvals = hexText(await sha256(formatApprovals(sources)));
  const record = { sourcesSha256: sha256Hex(stored.sha256) };
  const edit = (signed: Loose) => {
    if (manifest === "to match") signed["x-rulemint"].approvalsSha256 = approvals;
  };
  await restage(service, release, edit, { record });
}
