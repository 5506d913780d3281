/**
 * A drill: the real service with its stores, a web server that the thief may have taken over, and a real endpoint. The thief has one
 * stolen key, everything that is public, and the network.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { auditRelease } from "../../src/audit/audit-release.js";
import { releaseNumber } from "../../src/core/brands.js";
import type { JSONObject } from "../../src/core/encoding/json.js";
import { timestampPath } from "../../src/core/release/tree-paths.js";
import { keyID } from "../../src/core/trust/keys.js";
import { issueDevelopmentLeaves } from "../../src/issuing/development-pki.js";
import { signMetadata, tufKeyOfSigner } from "../../src/issuing/tuf-signatures.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import type { ServiceContext } from "../../src/services/context.js";
import { type ChangeRequest, proposeChange } from "../../src/services/propose-change.js";
import { publishProposals } from "../../src/services/publish-proposal.js";
import { signProposal } from "../../src/services/sign-proposal.js";
import { TestEndpoint } from "../client/endpoint.js";
import { developmentKeys } from "../core/pki/publisher.js";
import { type Desk, directWorkers, feed, openDesk } from "../services/desk.js";
import { codec } from "../simulator/packs.js";
import { SimulatedServer } from "../simulator/server.js";
import type { TestSigner } from "../simulator/test-signer.js";
import { temporaryFolder } from "../support/temporary.js";

// biome-ignore lint/suspicious/noExplicitAny: the thief writes what he likes
export type Loose = any;

/** The public folder, and over it what the thief puts there. */
class StolenTree extends Map<string, Uint8Array> {
  readonly #folder: string;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  override get(path: string): Uint8Array | undefined {
    const forged = super.get(path);
    if (forged !== undefined) return forged;
    try {
      return new Uint8Array(readFileSync(join(this.#folder, path)));
    } catch {
      // Not published.
      return undefined;
    }
  }
}

export class Drill {
  readonly desk: Desk;
  /** What endpoints see. `set` is the thief's hand, `clear` the end of his hold on the network. */
  readonly tree: Map<string, Uint8Array>;
  readonly endpoint: TestEndpoint;
  readonly #state: string;
  readonly #server: SimulatedServer;
  readonly #close: () => Promise<void>;
  #endpoints = 0;
  #releases = 0;

  private constructor(
    desk: Desk,
    tree: Map<string, Uint8Array>,
    endpoint: TestEndpoint,
    state: string,
    server: SimulatedServer,
    close: () => Promise<void>,
  ) {
    this.desk = desk;
    this.tree = tree;
    this.endpoint = endpoint;
    this.#state = state;
    this.#server = server;
    this.#close = close;
  }

  /** Release 1 is published, and the endpoint has it. */
  static async open(): Promise<Drill> {
    const desk = await openDesk();
    const tree = new StolenTree(join(desk.folder, "public"));
    const server = await SimulatedServer.start(tree);
    const state = await temporaryFolder();
    const endpoint = await TestEndpoint.open(join(state.path, "endpoint"), { now: () => desk.now });
    await endpoint.updater.init({ url: server.url, root: desk.root });
    const drill = new Drill(desk, tree, endpoint, state.path, server, async () => {
      await endpoint.close();
      await server.close();
      await state.remove();
      await desk.close();
    });
    await drill.release();
    await endpoint.updater.update();
    return drill;
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** An honest release, from rules to the public tree. */
  async release(): Promise<number> {
    const number = ++this.#releases;
    await this.desk.addRules("larch", "ioc", { "a.txt": `one.example\nrelease-${number}.example\n` });
    return (await this.desk.release()).release;
  }

  /** What the endpoint says to what it sees now: the release that it has afterwards, or the code of its refusal. */
  async update(endpoint = this.endpoint): Promise<number | string> {
    try {
      return (await endpoint.updater.update()).release;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  /** An endpoint that was set up today with the first root, as a new customer's is. */
  async newcomer(): Promise<TestEndpoint> {
    const folder = join(this.#state, `newcomer-${++this.#endpoints}`);
    const endpoint = await TestEndpoint.open(folder, { now: () => this.desk.now });
    await endpoint.updater.init({ url: this.#server.url, root: this.desk.root });
    return endpoint;
  }

  /** What an auditor finds who pins the first root. */
  async audit(release: number) {
    const fetcher = openHTTPFetcher();
    try {
      return await auditRelease({
        ...{ url: this.#server.url, root: this.desk.root, feed, release: releaseNumber(release), fetcher },
        at: this.desk.now,
        workshop: { codec, workers: directWorkers, digest: nodeDigest, archive: undefined },
        rebuild: false,
      });
    } finally {
      await fetcher.close();
    }
  }

  /** A metadata file with other content, signed by whatever the thief has. */
  async forge(
    path: string,
    signers: readonly TestSigner[],
    change: (signed: Loose) => void,
  ): Promise<Uint8Array> {
    const { signed } = JSON.parse(Buffer.from(this.tree.get(path) as Uint8Array).toString("utf8"));
    change(signed);
    return signMetadata(signed as JSONObject, signers);
  }

  /** The head, as the thief with the timestamp key writes it. */
  async forgeTimestamp(change: (signed: Loose) => void, ...signers: readonly TestSigner[]): Promise<void> {
    const keys = signers.length > 0 ? signers : [this.desk.context.timestamp as TestSigner];
    this.tree.set(timestampPath, await this.forge(timestampPath, keys, change));
  }

  /** Proposed, signed by two shares, published with the service's keys as they will be. */
  async ceremony(
    role: "root" | "targets",
    change: Partial<ChangeRequest>,
    context: ServiceContext = this.desk.context,
    shares: readonly TestSigner[] = this.desk.shares.slice(0, 2),
  ): Promise<void> {
    const nothing = { add: [], remove: [], thresholds: [], expiryDays: 365 };
    let proposal = await proposeChange(context, { role, ...nothing, ...change });
    for (const share of shares) proposal = await signProposal(proposal, share);
    await publishProposals(context, [proposal]);
    this.desk.context = context;
  }

  /** A code-signing leaf from the development CA for any key, and its chain. */
  async certificateFor(signer: TestSigner): Promise<readonly Uint8Array[]> {
    const leaves = await issueDevelopmentLeaves({
      keys: developmentKeys,
      publisherSpki: signer.spki,
      tsuSpki: signer.spki,
      now: this.desk.now,
    });
    return leaves.publisherChain;
  }
}

export const addition = (
  role: string,
  name: string,
  signer: TestSigner,
  party?: "publisher" | "overseer",
) => ({
  ...{ role, name, key: signer.key },
  ...(party && { party }),
});
export const idOf = (signer: { scheme: TestSigner["scheme"]; spki: Uint8Array }) =>
  keyID(tufKeyOfSigner(signer));
