/**
 * A whole desk in a temporary folder: real stores, real signatures, development certificates, a clock that
 * tests move.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openCompileCache } from "../../src/adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../../src/adapters/databases/in-objects.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { openHTTPRevocationSource } from "../../src/adapters/revocation/http.js";
import { openFilesystemObjects } from "../../src/adapters/objects/filesystem.js";
import { openFilesystemTree } from "../../src/adapters/public-tree/filesystem.js";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import { openTimestampAuthority } from "../../src/adapters/timestamp/http.js";
import { feedName } from "../../src/core/brands.js";
import { hexText, utf8Bytes } from "../../src/core/encoding/bytes.js";
import type { SignaturePolicy } from "../../src/core/pki/model.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import type { RuleKind } from "../../src/core/rules/model.js";
import { ruleLanguage } from "../../src/core/rules/registry.js";
import { type DevelopmentRevocation, developmentRevocation } from "../../src/issuing/development-crls.js";
import { developmentPolicies, issueDevelopmentLeaves } from "../../src/issuing/development-pki.js";
import { developmentTSA } from "../../src/issuing/timestamp.js";
import { signingPayload } from "../../src/issuing/tuf-signatures.js";
import { encodeRun } from "../../src/core/release/run.js";
import type { RuleWorkers } from "../../src/ports/rule-workers.js";
import { advanceFeed } from "../../src/services/advance-release.js";
import { buildRelease, type NewRelease } from "../../src/services/build-release.js";
import type { ServiceContext } from "../../src/services/context.js";
import { initialisePublisher } from "../../src/services/initialise-publisher.js";
import type { Identity, ReleaseRecord, SubmissionRecord } from "../../src/services/model.js";
import { publishRelease } from "../../src/services/publish-release.js";
import { openManifest } from "../../src/services/read-releases.js";
import { recordVerdict } from "../../src/services/record-verdict.js";
import type { IncomingFile } from "../../src/services/receive-files.js";
import { reviewSubmission } from "../../src/services/review-submission.js";
import { submitRules } from "../../src/services/submit-rules.js";
import { developmentKeys, leafWithAddresses, type StatusAddresses } from "../core/pki/publisher.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { temporaryFolder } from "../support/temporary.js";
import { testCodec } from "./test-codec.js";

export const feed = feedName("endpoint");
export const ann: Identity = { name: "ann", roles: ["analyst"] };
export const ben: Identity = { name: "ben", roles: ["reviewer", "analyst"] };
export const mia: Identity = { name: "mia", roles: ["release-manager"] };
export const oliver: Identity = { name: "oliver", roles: ["overseer"] };

/** What a test may put in place of the real thing; each gets the real one to wrap. */
export interface DeskOptions {
  readonly wrap?: (context: ServiceContext) => Partial<ServiceContext>;
  readonly ceremony?: boolean;
  /** What the root carries beside the anchors. */
  readonly policy?: Partial<SignaturePolicy>;
  /** Certificates that ClamAV's verifier accepts. */
  readonly alsoEmail?: boolean;
  /** In the publisher's certificate. */
  readonly addresses?: StatusAddresses;
}

export class Desk {
  readonly folder: string;
  /** Replaced by tests that exchange a key. */
  context: ServiceContext;
  overseer: TestSigner;
  /** The keys of root: two signed it, the third is listed. The first two are those of targets as well. */
  shares: readonly TestSigner[] = [];
  root = new Uint8Array();
  /** What the development CAs say is revoked, from their next lists on. */
  readonly revoked: DevelopmentRevocation[];
  readonly #clock: { now: Date };
  readonly #remove: () => Promise<void>;

  constructor(parts: {
    folder: string;
    context: ServiceContext;
    overseer: TestSigner;
    clock: { now: Date };
    remove: () => Promise<void>;
    revoked: DevelopmentRevocation[];
  }) {
    this.folder = parts.folder;
    this.context = parts.context;
    this.overseer = parts.overseer;
    this.#clock = parts.clock;
    this.#remove = parts.remove;
    this.revoked = parts.revoked;
  }

  get now(): Date {
    return this.#clock.now;
  }

  passDays(days: number): void {
    this.#clock.now = new Date(this.#clock.now.getTime() + days * 86_400_000);
  }

  submit(
    ruleset: string,
    kind: RuleKind,
    files: Record<string, string | Uint8Array>,
    options: { by?: Identity; leaveOutInvalid?: boolean } = {},
  ): Promise<SubmissionRecord> {
    const { by = ann, leaveOutInvalid } = options;
    const input = { ruleset, kind, message: "why", files: incoming(files), leaveOutInvalid };
    return submitRules(this.context, by, input);
  }

  async approve({ id, digest }: SubmissionRecord, by = ben): Promise<SubmissionRecord> {
    return reviewSubmission(this.context, by, { submission: id, decision: "approve", digest });
  }

  async addRules(ruleset: string, kind: RuleKind, files: Record<string, string>): Promise<SubmissionRecord> {
    return this.approve(await this.submit(ruleset, kind, files));
  }

  /** Queues a release and takes it as far as it goes without the overseer. */
  async build(options: Partial<NewRelease> = {}): Promise<ReleaseRecord> {
    await buildRelease(this.context, mia, { feed, ...options });
    return this.advance();
  }

  async advance(): Promise<ReleaseRecord> {
    return (await advanceFeed(this.context, feed)) as ReleaseRecord;
  }

  /** Signs whatever is staged, as an overseer would after its rebuild. */
  async coSign({ release }: ReleaseRecord): Promise<ReleaseRecord> {
    const object = await openManifest(this.context, oliver, { feed, release });
    const staged = await object.read(0, object.length);
    await object.close();
    const signature = hexText(await this.overseer.sign(signingPayload(staged)));
    const verdict = { feed, release, result: "PASSED", explanation: "every byte equal" } as const;
    return recordVerdict(this.context, oliver, { ...verdict, keyid: this.overseer.keyid, signature });
  }

  async publish({ release }: ReleaseRecord): Promise<ReleaseRecord> {
    await publishRelease(this.context, mia, { feed, release });
    return this.advance();
  }

  /** From approved heads to the public tree. */
  async release(options: Partial<NewRelease> = {}): Promise<ReleaseRecord> {
    return this.publish(await this.coSign(await this.build(options)));
  }

  async close(): Promise<void> {
    await this.context.records.close();
    await this.#remove();
  }
}

export async function openDesk(options: DeskOptions = {}): Promise<Desk> {
  const { path: folder, remove } = await temporaryFolder();
  // A whole second: metadata know no fractions.
  const clock = { now: new Date(Math.floor(Date.now() / 1000) * 1000) };
  const revoked: DevelopmentRevocation[] = [];
  const publisher = await testSigner("ecdsa-p256-sha256");
  const overseer = await testSigner("ecdsa-p256-sha256");
  const certificates = await developmentCertificates(publisher, clock, options);
  const records = await openSQLiteRecords({ path: join(folder, "records.sqlite") });
  const objects = await openFilesystemObjects(join(folder, "objects"));
  const real: ServiceContext = {
    records,
    objects,
    databases: databasesInObjects(objects, records),
    cache: await openCompileCache(join(folder, "compile-cache")),
    tree: await openFilesystemTree(join(folder, "public")),
    codec: testCodec,
    workers: directWorkers,
    engines: [],
    clock: { now: () => clock.now },
    digest: sha256Digest,
    publisher,
    publisherChain: certificates.chain,
    tsa: certificates.tsa,
    revocation: {
      ...developmentRevocation({
        ...{ keys: developmentKeys, clock: { now: () => clock.now }, revoked: () => revoked },
      }),
      // Development certificates name no responder; those of some tests do.
      ask: (question) => openHTTPRevocationSource(openHTTPFetcher()).ask(question),
    },
    snapshot: await testSigner(),
    timestamp: await testSigner(),
    settings: {
      expiryDays: { feed: 30, snapshot: 7, timestamp: 1 },
      compiler: { name: "rulemint", version: "0.1.0", sha256: "c".repeat(64) as never },
      minimumClient: "0.1.0",
    },
    wake: () => undefined,
  };
  const context = { ...real, ...options.wrap?.(real) };
  const desk = new Desk({ folder, context, overseer, clock, remove, revoked });
  const policy = { ...certificates.policy, ...options.policy };
  if (options.ceremony !== false) desk.root = await ceremony(desk, policy);
  return desk;
}

async function ceremony(desk: Desk, policy: Certificates["policy"]): Promise<Uint8Array<ArrayBuffer>> {
  const [one, two, three] = [await testSigner(), await testSigner(), await testSigner()];
  const offline = { threshold: 2, expiryDays: 365 };
  desk.shares = [one, two, three];
  const root = await initialisePublisher(desk.context, {
    root: { ...offline, signers: [one, two], keys: [three.key] },
    targets: { ...offline, signers: [one, two] },
    feeds: [{ name: feed, rulesets: "*", overseers: [desk.overseer.key] }],
    policy,
    names: { [one.keyid]: "vendor-1", [two.keyid]: "vendor-2", [three.keyid]: "overseer-root" },
  });
  return new Uint8Array(root);
}

type Certificates = Awaited<ReturnType<typeof developmentCertificates>>;

async function developmentCertificates(
  publisher: TestSigner,
  clock: { readonly now: Date },
  { alsoEmail, addresses }: DeskOptions,
) {
  const tsu = await testSigner("ecdsa-p256-sha256");
  const pem = (name: string) => readFileSync(new URL(`../../keys-dev/${name}.pem`, import.meta.url), "utf8");
  const leaves = await issueDevelopmentLeaves({
    keys: {
      rootCertificate: pem("code-signing-root.crt"),
      rootKey: pem("code-signing-root.key"),
      issuingCertificate: pem("code-signing-ca.crt"),
      issuingKey: pem("code-signing-ca.key"),
      tsaRootCertificate: pem("time-stamping-root.crt"),
      tsaRootKey: pem("time-stamping-root.key"),
      tsaCertificate: pem("time-stamping-ca.crt"),
      tsaKey: pem("time-stamping-ca.key"),
    },
    publisherSpki: publisher.spki,
    tsuSpki: tsu.spki,
    now: clock.now,
    alsoEmail,
  });
  const answer = developmentTSA({
    signer: tsu as never,
    chain: leaves.tsuChain,
    policyOID: developmentPolicies.timeStamping,
    clock: { now: () => clock.now },
    randomBytes,
  });
  const tsa = openTimestampAuthority({
    urls: ["http://tsa.invalid/"],
    timeoutMs: 10_000,
    // No network: the authority answers in this process.
    fetch: async (_, request) =>
      new Response(await answer(request?.body as Uint8Array), {
        headers: { "content-type": "application/timestamp-reply" },
      }),
  });
  const chain = addresses && (await leafWithAddresses(publisher.spki, clock.now, addresses));
  return { chain: chain ?? leaves.publisherChain, policy: leaves.policy, tsa };
}

/** Workers whose runs are made from what `parse` gives. */
export function workersOf(parse: RuleWorkers["parse"]): RuleWorkers {
  return {
    parse,
    runs: async (kind, parts) =>
      Promise.all(parts.map(async (part) => encodeRun(kind, await parse(kind, part), sha256Digest))),
    close: async () => undefined,
  };
}

/** Parses in this thread. */
export const directWorkers = workersOf(async (kind, files) =>
  files.map((file) => ruleLanguage(kind).parse(file)),
);

export async function* incoming(files: Record<string, string | Uint8Array>): AsyncGenerator<IncomingFile> {
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? utf8Bytes(content) : content;
    yield { path, content: pieces(bytes) };
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
