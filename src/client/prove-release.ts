/** From a manifest that TUF has proven to a release that law, time and the log have proven too. Evidence is fetched once and kept. */
import type { SignatureMemory } from "../core/pki/algorithms.js";
import { type ReleaseNumber, releaseNumber } from "../core/brands.js";
import { OperationError, RulemintError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { formatLogProof, parseLogProof } from "../core/log/log-proof.js";
import { makeInclusionProof } from "../core/log/make-proof.js";
import { tileNodes } from "../core/log/tiles.js";
import {
  evidencePath,
  manifestSecondSignaturePath,
  manifestSignaturePath,
} from "../core/release/tree-paths.js";
import { type LogEvidence, formatEvidence, parseEvidence } from "../core/trust/evidence.js";
import type { DSSEEnvelope } from "../core/trust/attest/dsse.js";
import type { Root } from "../core/trust/metadata.js";
import type { ProvenRelease, SignaturePolicy } from "../core/trust/model.js";
import { parseJSON } from "../core/encoding/json.js";
import { type RebuilderPolicy, readRebuilderPolicy } from "../core/trust/rebuild-quorum.js";
import { parsePolicy, policyInForce as policyOf } from "../core/trust/policy.js";
import { asksForSecondSignature } from "../core/trust/second-signature.js";
import type { ProvenFeed } from "../core/trust/trusted-metadata.js";
import type { LogHistory } from "../core/trust/verify-logged.js";
import { verifyRelease } from "../core/trust/verify-release.js";
import { version } from "../core/version.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import type { PublicTreeReader } from "./fetch-file.js";
import {
  keepFork,
  logHistory,
  logPolicyOf,
  newestCheckpoint,
  orFork,
  rememberCheckpoint,
  requireUnforked,
  treeTiles,
} from "./log-memory.js";
import type { RefreshInput, Refreshed } from "./refresh.js";
import { setUpHint, sha256Text } from "./state.js";
import { watchRevocation } from "./watch-revocation.js";
import { keepVerdicts, watchVerdicts } from "./watch-verdicts.js";

/** SPEC §5.5.3: the customer's own policy wins over the one in the root. @throws OperationError STATE_CORRUPT */
export async function policyInForce(
  files: EndpointFiles,
  root: Root,
): Promise<{ policy: SignaturePolicy; source: "policy.json" | "root.json" }> {
  const own = await ownPolicy(files);
  const policy = policyOf(root, own);
  if (policy === undefined)
    throw new OperationError("STATE_CORRUPT", "expected a signature policy, got none");
  const rebuilders = await ownRebuilders(files);
  const source = own === undefined ? "root.json" : "policy.json";
  return { policy: rebuilders === undefined ? policy : { ...policy, rebuilders }, source };
}

/** SPEC §5.5.8: never less than what its owner asked for. */
async function ownRebuilders(files: EndpointFiles): Promise<RebuilderPolicy | undefined> {
  const own = await files.read("rebuilders.json");
  if (own === undefined) return undefined;
  try {
    return readRebuilderPolicy(parseJSON(own));
  } catch (cause) {
    const message = "expected a readable rebuilders.json: name the rebuilders again";
    throw new OperationError("STATE_CORRUPT", message, { cause });
  }
}

/** Never falls back to the root's policy: the customer asked for a stricter one. */
async function ownPolicy(files: EndpointFiles): Promise<SignaturePolicy | undefined> {
  const own = await files.read("policy.json");
  if (own === undefined) return undefined;
  try {
    return parsePolicy(own);
  } catch (cause) {
    const details = { hint: `${setUpHint} --policy policy.json; database and choices stay` };
    throw new OperationError("STATE_CORRUPT", "expected a readable policy.json, got a damaged one", {
      cause,
      details,
    });
  }
}

interface ProveInput extends RefreshInput {
  readonly postQuantum?: PostQuantumVerifier;
  readonly memory?: SignatureMemory;
}

/** @throws VerificationError, PolicyError: see `verifyRelease` */
export async function proveRelease(
  input: ProveInput,
  { trusted, proven }: Refreshed,
): Promise<ProvenRelease> {
  const { files, state } = input;
  const { policy } = await policyInForce(files, trusted.root);
  requireUnforked(state, policy);
  const manifestSha256 = await sha256Text(proven.envelope.bytes);
  const name = { feed: proven.feed, release: releaseNumber(proven.metadata.version) };
  const proof = new ReleaseProof(input, proven, policy);
  const stored = await storedEvidence(files);
  if (stored.cms !== undefined && state.now.trusted?.manifestSha256 === manifestSha256) {
    try {
      const verdicts = await watchVerdicts(input, policy, { ...name, isNew: false });
      return await proof.judge({ ...stored, verdicts }, "known");
    } catch (error) {
      // The disk may have spoiled it; the server's copy decides.
      if (!(error instanceof VerificationError)) throw error;
    }
  }
  const verdicts = await watchVerdicts(input, policy, { ...name, isNew: true });
  const verdict = await input.tree.eachMirror(manifestSignaturePath(name.feed, name.release), async (url) => {
    const tree = input.tree.startingAt(url);
    const fetched = { ...(await fetchEvidence(tree, proven, policy)), verdicts };
    return new ReleaseProof({ ...input, tree }, proven, policy).judge(fetched, "new");
  });
  await keepVerdicts(input, name.feed, name.release, verdicts);
  await state.set({ trusted: { release: verdict.manifest.version, manifestSha256 } });
  input.emit({ type: "verified", release: verdict.manifest.version });
  return verdict;
}

interface Evidence {
  readonly cms: Uint8Array | undefined;
  /** Experimental: the post-quantum second signature. */
  readonly second: Uint8Array | undefined;
  /** Of the policy's rebuilders; none where it names none. */
  readonly verdicts: readonly DSSEEnvelope[];
  /** The evidence document. */
  readonly document: Uint8Array | undefined;
}

/** One release, judged by one policy at one time. */
class ReleaseProof {
  readonly #in: ProveInput;
  readonly #proven: ProvenFeed;
  readonly #policy: SignaturePolicy;

  constructor(input: ProveInput, proven: ProvenFeed, policy: SignaturePolicy) {
    this.#in = input;
    this.#proven = proven;
    this.#policy = policy;
  }

  /** What is new is held against what was seen of the log before, and kept once it holds. */
  async judge(evidence: Evidence, news: "known" | "new"): Promise<ProvenRelease> {
    const { files, tree } = this.#in;
    const history = news === "new" ? await logHistory(files, tree) : undefined;
    let used = evidence;
    let verdict: ProvenRelease;
    try {
      verdict = await this.#verify(used, news, history);
    } catch (error) {
      if (!(error instanceof RulemintError) || error.code !== "CHECKPOINT_STALE") throw error;
      // SPEC §8.2.7: the same entry, under the newest checkpoint.
      used = await this.#renewed(evidence);
      verdict = await this.#verify(used, news, await logHistory(files, tree));
    }
    if (news === "new" || used !== evidence) await this.#keep(used, verdict);
    return verdict;
  }

  async #verify(
    { cms, second, document, verdicts }: Evidence,
    news: "known" | "new",
    history: LogHistory | undefined,
  ): Promise<ProvenRelease> {
    const { state, now, postQuantum, memory } = this.#in;
    const known = state.now.trusted ?? undefined;
    const log = document && logPolicyOf(this.#policy) ? parseEvidence(document).log : undefined;
    const claim = { proven: this.#proven, cms, policy: this.#policy, now, memory, client: version };
    try {
      return await watchRevocation(this.#in, news, (revocationItems) =>
        verifyRelease({
          ...{ ...claim, verdicts, revocationItems, ...(known && { trusted: known }) },
          postQuantum: { cms: second, verify: postQuantum?.verify },
          log: { evidence: log, history },
        }),
      );
    } catch (cause) {
      const error = await orFork(cause, { evidence: log, history }, this.#policy);
      if (error instanceof RulemintError && error.code === "LOG_FORK" && log !== undefined) {
        await keepFork(this.#in, this.#policy, log.proof);
      }
      throw error;
    }
  }

  async #renewed(evidence: Evidence): Promise<Evidence> {
    const { tree } = this.#in;
    const parsed = parseEvidence(evidence.document as Uint8Array);
    const { entry, proof } = parsed.log as LogEvidence;
    const checkpoint = await newestCheckpoint(tree);
    const { size } = parseCheckpoint(checkpoint.text);
    const { index } = parseLogProof(proof);
    if (index >= size) {
      const got = `one of ${size}`;
      throw new VerificationError(
        "CHECKPOINT_STALE",
        `expected a checkpoint over entry ${index}, got ${got}`,
      );
    }
    const hashes = await makeInclusionProof(index, size, tileNodes(size, treeTiles(tree)));
    const log = { entry, proof: formatLogProof({ index, hashes, checkpoint }) };
    return { ...evidence, document: formatEvidence({ ...parsed, log }) };
  }

  async #keep({ cms, second, document }: Evidence, verdict: ProvenRelease): Promise<void> {
    const { files } = this.#in;
    await files.write("evidence.p7s", cms as Uint8Array);
    if (second === undefined) await files.remove("evidence.mldsa.p7s");
    else await files.write("evidence.mldsa.p7s", second);
    if (document === undefined) await files.remove("evidence.json");
    else await files.write("evidence.json", document);
    await rememberCheckpoint(files, verdict);
  }
}

async function storedEvidence(files: EndpointFiles): Promise<Omit<Evidence, "verdicts">> {
  return {
    cms: await files.read("evidence.p7s"),
    second: await files.read("evidence.mldsa.p7s"),
    document: await files.read("evidence.json"),
  };
}

async function fetchEvidence(
  tree: PublicTreeReader,
  { feed, metadata, envelope }: ProvenFeed,
  policy: SignaturePolicy,
): Promise<Omit<Evidence, "verdicts">> {
  const release: ReleaseNumber = releaseNumber(metadata.version);
  const cms = await tree.find(manifestSignaturePath(feed, release), limits.cmsBytesMax);
  const second = asksForSecondSignature(envelope.signed, policy)
    ? await tree.find(manifestSecondSignaturePath(feed, release), limits.cmsBytesMax)
    : undefined;
  const document =
    logPolicyOf(policy) === undefined
      ? undefined
      : await tree.find(evidencePath(feed, release), limits.evidenceBytesMax);
  return { cms, second, document };
}
