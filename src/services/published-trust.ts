/** What customers pin and follow, read back from where they read it: the public tree. */
import { OperationError } from "../core/errors.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { parseEnvelope, parseRoot } from "../core/trust/metadata.js";
import { policyOfRoot } from "../core/trust/policy.js";
import type { ServiceContext } from "./context.js";
import type { Versioned } from "./documents.js";
import type { PublicationRecord } from "./model.js";

type TrustContext = Pick<ServiceContext, "records" | "tree">;

/** @throws OperationError STATE_CORRUPT before `initialisePublisher` */
export async function requirePublication(
  context: Pick<ServiceContext, "records">,
): Promise<Versioned<PublicationRecord>> {
  const found = await context.records.get<PublicationRecord>("publication", "current");
  if (found === undefined) {
    throw new OperationError("STATE_CORRUPT", "expected a publisher that has been initialised, got none");
  }
  return found;
}

/** The signature policy of the newest root: by it customers judge our CMS, so by it we judge ours. */
export async function publishedPolicy(context: TrustContext): Promise<SignaturePolicy> {
  const { body } = await requirePublication(context);
  const path = metadataPath("root", body.rootVersion);
  const bytes = await context.tree.read(path);
  if (bytes === undefined)
    throw new OperationError("STORE_FAILED", `expected ${path} in the public tree, got none`);
  const policy = policyOfRoot(parseRoot(parseEnvelope(bytes, "root").signed));
  if (policy === undefined) {
    throw new OperationError("STATE_CORRUPT", "expected a signature policy in the root, got none");
  }
  return policy;
}
