/** How an endpoint begins: what it is pinned to, and where it looks. Touches no network. */
import { feedName } from "../core/brands.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import { OperationError, UsageError } from "../core/errors.js";
import { usualForms } from "../core/rules/export-forms.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { parsePolicy, policyOfRoot } from "../core/trust/policy.js";
import { type RebuilderPolicy, readRebuilderPolicy } from "../core/trust/rebuild-quorum.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { EndpointConfig } from "./model.js";
import { noSettings, requireTreeURL } from "./network.js";
import { policyInForce } from "./prove-release.js";
import { startFromStoredRoot } from "./refresh.js";
import { noChoices } from "./ring-choices.js";
import { readConfig, writeConfig } from "./state.js";

export interface InitInput {
  readonly url: string;
  /** Bytes of the TUF root that the customer pins. */
  readonly root: Uint8Array;
  /** Bytes of a policy.json; without it, the policy in the root counts. */
  readonly policy?: Uint8Array;
  /** Takes the place of the policy's `rebuilders`. */
  readonly rebuilders?: RebuilderPolicy;
  /** "endpoint" when absent. */
  readonly feed?: string;
  /** What every update exports; all kinds when absent. */
  readonly exportKinds?: readonly RuleKind[];
}

/**
 * Judges the input at once; what it answers writes the state, and is to be called under the lock.
 * @throws VerificationError when root or policy are not sound; UsageError USAGE when it is set up already
 */
export async function prepareSetUp(
  input: InitInput,
  now: Date,
): Promise<(files: EndpointFiles) => Promise<void>> {
  const { exportKinds } = input;
  const said = {
    ...({ schema: 1, url: requireTreeURL(input.url), feed: feedName(input.feed ?? "endpoint") } as const),
    ...(exportKinds && { exportKinds }),
  };
  const trusted = await TrustedMetadata.start(input.root, now);
  if (input.policy !== undefined) parsePolicy(input.policy);
  else if (policyOfRoot(trusted.root) === undefined) {
    throw new UsageError("USAGE", "expected a policy file, because the root carries none");
  }
  const rebuilders = input.rebuilders && formatRebuilders(input.rebuilders);
  return async (files) => {
    const chosen = await chosenBefore(files, now);
    await files.write("pinned-root.json", input.root);
    await files.write("root.json", input.root);
    if (input.policy !== undefined) await files.write("policy.json", input.policy);
    else await files.remove("policy.json");
    if (rebuilders !== undefined) await files.write("rebuilders.json", rebuilders);
    // Last: with it, the endpoint is set up.
    await writeConfig(files, { ...nothingChosen, ...chosen, ...said });
  };
}

const nothingChosen = {
  exportKinds: ruleKinds,
  exportForms: usualForms,
  engines: [],
  network: noSettings,
  rings: noChoices,
};

/**
 * What the owner gave once and nobody can read any more is given again; the database, what was proven, and the choices that can be read
 * still stay. @throws UsageError USAGE when nothing is damaged
 */
async function chosenBefore(files: EndpointFiles, now: Date): Promise<EndpointConfig | undefined> {
  if ((await files.read("config.json")) === undefined) return undefined;
  let config: EndpointConfig | undefined;
  try {
    config = await readConfig(files);
    const { root } = await startFromStoredRoot(files, now);
    await policyInForce(files, root);
  } catch (error) {
    if (error instanceof OperationError && error.code === "STATE_CORRUPT") return config;
    throw error;
  }
  throw new UsageError("USAGE", "expected an empty state, got an endpoint that is set up already");
}

/** @throws VerificationError METADATA_MALFORMED for a demand that nobody can meet */
export function formatRebuilders({ threshold, keys }: RebuilderPolicy): Uint8Array {
  const file = { threshold, keys: [...keys] };
  readRebuilderPolicy(file);
  return utf8Bytes(`${JSON.stringify(file, null, 2)}\n`);
}
