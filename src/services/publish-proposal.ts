/**
 * A signed root, signed targets, or both at once, into the public tree: `N.root.json` first, then the rest, then the head. Nothing
 * is published below a threshold, and nothing that the feeds in use would not survive.
 */
import type { Sha256Hex } from "../core/brands.js";
import { equalBytes } from "../core/encoding/bytes.js";
import { PolicyError } from "../core/errors.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { parseEnvelope, parseTargets } from "../core/trust/metadata.js";
import { parseParties, requireParties } from "../core/trust/parties.js";
import { type Proposal, demandsOf, requireDemands } from "../core/trust/proposal.js";
import { requireThreshold } from "../core/trust/threshold.js";
import { authorityWrites } from "./authority-entries.js";
import type { ServiceContext } from "./context.js";
import type { PublishedFile, PublishedState, TreeWrite } from "./model.js";
import { publishChange } from "./publication.js";
import { readObject } from "./source-batches.js";

export interface PublishedProposal {
  readonly rootVersion: number;
  readonly targetsVersion: number;
}

/**
 * @throws VerificationError METADATA_THRESHOLD naming what is missing, or whatever else a customer would say; PolicyError
 * RELEASE_STATE when something newer was published since the proposal was made
 */
export async function publishProposals(
  context: ServiceContext,
  proposals: readonly Proposal[],
): Promise<PublishedProposal> {
  for (const proposal of proposals) requireDemands(await demandsOf(proposal));
  const find = (role: Proposal["role"]) => proposals.find((proposal) => proposal.role === role);
  const [root, targets] = [find("root"), find("targets")];
  let result: PublishedProposal = { rootVersion: 0, targetsVersion: 0 };
  await publishChange(context, async (state) => {
    const writes: TreeWrite[] = [];
    let { rootVersion, files } = state;
    if (root !== undefined) {
      await requireNewest(context, root, rootVersion);
      const sha256 = await keep(context, root.next);
      rootVersion++;
      writes.push({ path: metadataPath("root", rootVersion), sha256 });
    }
    if (targets !== undefined) {
      const { version } = targetsOf(state);
      await requireNewest(context, targets, version);
      await requireFeeds(context, state, targets);
      const file = { role: "targets", version: version + 1, sha256: await keep(context, targets.next) };
      writes.push({ path: metadataPath("targets", file.version), sha256: file.sha256 });
      files = [...files.filter(({ role }) => role !== "targets"), file];
    }
    result = { rootVersion, targetsVersion: targetsOf({ ...state, files }).version };
    const entries = await authorityWrites(context, writes, root?.current);
    return { rootVersion, files, writes, newSnapshot: true, release: null, entries };
  });
  return result;
}

/** SPEC §5.6.5: a proposal is about one file and no other: two of them made at the same time do not both win. */
async function requireNewest({ tree }: ServiceContext, proposal: Proposal, version: number): Promise<void> {
  const published = await tree.read(metadataPath(proposal.role, version));
  if (published !== undefined && equalBytes(published, proposal.current)) return;
  throw new PolicyError(
    "RELEASE_STATE",
    `expected a proposal for ${proposal.role} version ${version}, got one for another file: propose again`,
  );
}

/**
 * SPEC §5.6.6: endpoints hold the manifest in use against the new delegation. A key that it still needs cannot be taken away;
 * first comes a release that the new key signed.
 */
async function requireFeeds(
  context: ServiceContext,
  state: PublishedState,
  targets: Proposal,
): Promise<void> {
  const { signed } = parseEnvelope(targets.next, "targets");
  for (const delegation of parseTargets(signed).delegations) {
    const known = parseParties(signed, delegation);
    const file = state.files.find(({ role }) => role === delegation.name);
    if (file === undefined) continue;
    const envelope = parseEnvelope(await readObject(context.objects, file.sha256), "targets");
    const name = `release ${file.version} of ${delegation.name}, which is in use: publish one by the new key first`;
    requireParties(await requireThreshold(envelope, delegation, name), known, name);
  }
}

function targetsOf({ files }: PublishedState): PublishedFile {
  return (
    files.find(({ role }) => role === "targets") ?? { role: "targets", version: 0, sha256: "" as Sha256Hex }
  );
}

async function keep({ objects }: ServiceContext, bytes: Uint8Array): Promise<Sha256Hex> {
  return (await objects.put([bytes])).sha256;
}
