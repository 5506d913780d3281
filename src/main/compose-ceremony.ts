/** Ceremonies put together: proposals as files, the public tree to read from and to publish into, keyholders' keys. */
import { resolve } from "node:path";
import { systemClock } from "../adapters/clock/system.js";
import { writeFileDurably } from "../adapters/durable-files.js";
import { describeProposal, viewProposal } from "../cli/describe-proposal.js";
import type {
  Progress,
  ProposalOptions,
  ProposeOptions,
  PublishProposalOptions,
  Report,
  SignProposalOptions,
} from "../cli/doors.js";
import { UsageError, VerificationError, quote } from "../core/errors.js";
import { type Proposal, type ProposedRole, formatProposal, parseProposal } from "../core/trust/proposal.js";
import { signingPayload } from "../issuing/tuf-signatures.js";
import { proposeChange } from "../services/propose-change.js";
import { recordLocal } from "../services/record-access.js";
import { publishProposals } from "../services/publish-proposal.js";
import { addProposalSignature, signProposal } from "../services/sign-proposal.js";
import { readInput } from "./compose-endpoint.js";
import { readPublicKey, useKey } from "./compose-key-tools.js";
import { openRecords } from "./compose-records.js";
import { openTree } from "./compose-storage.js";
import { composeService } from "./compose-service.js";
import { readConfiguration } from "./configuration.js";
import { localActor, tellAccessLog } from "./tell-access-log.js";

export async function propose(options: ProposeOptions, progress: Progress): Promise<Report> {
  const folder = resolve(options.data);
  await tellAccessLog(folder, { operation: `${options.role} propose`, target: options.out });
  const configuration = readConfiguration(folder);
  const records = await openRecords(folder, configuration);
  const { tree, close } = await openTree(folder, configuration);
  try {
    const { role, remove, thresholds, expiryDays, policy, under } = options;
    const proposal = await proposeChange(
      { records, tree, clock: systemClock },
      {
        ...{ role, remove, thresholds, expiryDays },
        add: options.add.map(({ file, ...one }) => ({ ...one, key: readPublicKey(file) })),
        ...(policy !== undefined && { policy: readInput(policy) }),
        ...(under !== undefined && { under: readProposal(under, "root") }),
      },
    );
    await writeFileDurably(resolve(options.out), formatProposal(proposal));
    if (options.payload !== undefined) {
      await writeFileDurably(resolve(options.payload), signingPayload(proposal.next));
    }
    progress(`wrote ${options.out}`);
    return report(proposal);
  } finally {
    await close();
    await records.close();
  }
}

export async function showProposal({ role, proposal }: ProposalOptions): Promise<Report> {
  return report(readProposal(proposal, role));
}

/** What will be signed is shown before the key is touched. */
export async function sign(options: SignProposalOptions, progress: Progress): Promise<Report> {
  const before = readProposal(options.proposal, options.role);
  const view = await viewProposal(before);
  for (const line of view.changes) progress(line);
  progress(`payload SHA-256 ${view.payloadSha256}`);
  if (options.expect !== undefined && options.expect !== view.payloadSha256) {
    throw new VerificationError(
      "SIGNATURE_REFUSED",
      `expected to sign ${quote(options.expect)}, got a proposal with payload ${view.payloadSha256}`,
    );
  }
  const after = await signedProposal(before, options);
  await writeFileDurably(resolve(options.out), formatProposal(after));
  return report(after);
}

async function signedProposal(proposal: Proposal, options: SignProposalOptions): Promise<Proposal> {
  if (options.signature !== undefined && options.keyid !== undefined) {
    return addProposalSignature(proposal, options.keyid, readInput(options.signature));
  }
  const signer = await useKey(options.key, `${options.role} sign`);
  try {
    return await signProposal(proposal, signer);
  } finally {
    await signer.close();
  }
}

export async function publish(options: PublishProposalOptions, progress: Progress): Promise<Report> {
  const folder = resolve(options.data);
  const proposals = [readProposal(options.proposal, options.role)];
  if (options.targets !== undefined) proposals.push(readProposal(options.targets, "targets"));
  const service = await composeService(folder, readConfiguration(folder), {
    ownAddress: () => "http://127.0.0.1:0",
    wake: () => undefined,
  });
  try {
    const target = proposals.map(({ role }) => role).join(" and ");
    await recordLocal(service.context, { operation: "publishProposal", target, ...localActor() });
    progress("judging the result as a customer would");
    const published = await publishProposals(service.context, proposals);
    const { rootVersion, targetsVersion } = published;
    const text = `Published: root ${rootVersion}, targets ${targetsVersion}, and a new snapshot and timestamp.`;
    return { ok: true, json: published, text };
  } finally {
    await service.close();
  }
}

function readProposal(path: string, role: ProposedRole): Proposal {
  const proposal = parseProposal(readInput(path));
  if (proposal.role === role) return proposal;
  throw new UsageError("USAGE", `expected a proposal for ${role}, got one for ${proposal.role}`);
}

async function report(proposal: Proposal): Promise<Report> {
  const view = await viewProposal(proposal);
  return { ok: true, json: view, text: describeProposal(view) };
}
