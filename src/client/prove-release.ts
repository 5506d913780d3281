/** From a manifest that TUF has proven to a release that law and time have proven too. Evidence is fetched once and kept. */
import { releaseNumber } from "../core/brands.js";
import { OperationError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { manifestSecondSignaturePath, manifestSignaturePath } from "../core/release/tree-paths.js";
import { parsePolicy, policyOfRoot } from "../core/trust/policy.js";
import type { DSSEEnvelope } from "../core/trust/attest/dsse.js";
import type { Root } from "../core/trust/metadata.js";
import type { ProvenRelease, SignaturePolicy } from "../core/trust/model.js";
import { asksForSecondSignature } from "../core/trust/second-signature.js";
import type { ProvenFeed } from "../core/trust/trusted-metadata.js";
import { verifyRelease } from "../core/trust/verify-release.js";
import { version } from "../core/version.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import type { PublicTreeReader } from "./fetch-file.js";
import type { RefreshInput, Refreshed } from "./refresh.js";
import { sha256Text } from "./state.js";
import { watchRevocation } from "./watch-revocation.js";
import { keepVerdicts, watchVerdicts } from "./watch-verdicts.js";

/** SPEC §5.5.3: the customer's own policy wins over the one in the root. @throws OperationError STATE_CORRUPT */
export async function policyInForce(
  files: EndpointFiles,
  root: Root,
): Promise<{ policy: SignaturePolicy; source: "policy.json" | "root.json" }> {
  const own = await files.read("policy.json");
  if (own !== undefined) {
    try {
      return { policy: parsePolicy(own), source: "policy.json" };
    } catch (cause) {
      // Never fall back to the root's policy: the customer asked for a stricter one.
      throw new OperationError(
        "STATE_CORRUPT",
        "expected a readable policy.json: set the endpoint up again",
        { cause },
      );
    }
  }
  const policy = policyOfRoot(root);
  if (policy === undefined)
    throw new OperationError("STATE_CORRUPT", "expected a signature policy, got none");
  return { policy, source: "root.json" };
}

/** @throws VerificationError, PolicyError: see `verifyRelease` */
export async function proveRelease(
  input: RefreshInput & { readonly postQuantum?: PostQuantumVerifier },
  { trusted, proven }: Refreshed,
): Promise<ProvenRelease> {
  const { files, tree, state, now } = input;
  const { policy } = await policyInForce(files, trusted.root);
  const known = state.now.trusted ?? undefined;
  const verify = ({ cms, second, verdicts }: Evidence, revocationItems: readonly Uint8Array[]) =>
    verifyRelease({
      ...{ revocationItems, verdicts },
      ...{ proven, cms, policy, now, client: version, ...(known && { trusted: known }) },
      postQuantum: { cms: second, verify: input.postQuantum?.verify },
    });

  const manifestSha256 = await sha256Text(proven.envelope.bytes);
  const release = releaseNumber(proven.metadata.version);
  const name = { feed: proven.feed, release };
  const cms = await files.read("evidence.p7s");
  if (cms !== undefined && known?.manifestSha256 === manifestSha256) {
    try {
      const verdicts = await watchVerdicts(input, policy, { ...name, isNew: false });
      const stored = { cms, second: await files.read("evidence.mldsa.p7s"), verdicts };
      return await watchRevocation(input, "known", (lists) => verify(stored, lists));
    } catch (error) {
      // The disk may have spoiled it; the server's copy decides.
      if (!(error instanceof VerificationError)) throw error;
    }
  }
  const verdicts = await watchVerdicts(input, policy, { ...name, isNew: true });
  const fetched = { ...(await fetchEvidence(tree, proven, policy)), verdicts };
  const verdict = await watchRevocation(input, "new", (lists) => verify(fetched, lists));
  await files.write("evidence.p7s", fetched.cms as Uint8Array);
  await keepVerdicts(input, name.feed, release, verdicts);
  if (fetched.second === undefined) await files.remove("evidence.mldsa.p7s");
  else await files.write("evidence.mldsa.p7s", fetched.second);
  await state.set({ trusted: { release, manifestSha256 } });
  input.emit({ type: "verified", release });
  return verdict;
}

interface Evidence {
  readonly cms: Uint8Array | undefined;
  /** Experimental: the post-quantum second signature. */
  readonly second: Uint8Array | undefined;
  /** Of the policy's rebuilders; none where it names none. */
  readonly verdicts: readonly DSSEEnvelope[];
}

async function fetchEvidence(
  tree: PublicTreeReader,
  { feed, metadata, envelope }: ProvenFeed,
  policy: SignaturePolicy,
): Promise<Omit<Evidence, "verdicts">> {
  const release = releaseNumber(metadata.version);
  const cms = await tree.find(manifestSignaturePath(feed, release), limits.cmsBytesMax);
  const second = asksForSecondSignature(envelope.signed, policy)
    ? await tree.find(manifestSecondSignaturePath(feed, release), limits.cmsBytesMax)
    : undefined;
  return { cms, second };
}
