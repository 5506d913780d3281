/** Entries of the access log for the doors that lead here: the interface, and the commands on the service's own machine. */
import { PolicyError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import type { Identity } from "./model.js";

type AccessContext = Pick<ServiceContext, "accessLog">;

export interface Access {
  readonly operation: string;
  readonly target: string;
  readonly objects: readonly string[];
  readonly from: string;
  readonly why: string;
  readonly review: string;
}

/**
 * SPEC §13.2.1, §13.2.2: the entry for what is about to happen; undefined for a service without an access log.
 * @throws OperationError ACCESS_LOG_UNAVAILABLE; PolicyError REASON_MISSING, which is written down too
 */
export async function recordAccess(
  { accessLog }: AccessContext,
  { name, roles }: Identity,
  access: Access,
): Promise<number | undefined> {
  if (accessLog === undefined) return undefined;
  const index = await accessLog.record({ kind: "access", who: name, rights: [...roles], ...access });
  // SPEC §13.2.4: who may look at everything says why.
  if (!roles.includes("auditor") || access.why.trim() !== "" || access.operation === "whoAmI") return index;
  const error = new PolicyError("REASON_MISSING", "expected a reason of an auditor, got none");
  await recordRefusal({ accessLog }, { name, roles }, { ...access, of: index, code: error.code });
  throw error;
}

/** @throws OperationError ACCESS_LOG_UNAVAILABLE */
export async function recordRefusal(
  { accessLog }: AccessContext,
  { name, roles }: Identity,
  refusal: Access & { readonly of: number; readonly code: string },
): Promise<void> {
  await accessLog?.record({ kind: "refusal", who: name, rights: [...roles], ...refusal });
}

/** Of a command on this machine. Who it was is what the operating system says. @throws OperationError ACCESS_LOG_UNAVAILABLE */
export async function recordLocal(
  { accessLog }: AccessContext,
  act: { readonly operation: string; readonly target: string; readonly who: string; readonly why?: string },
): Promise<void> {
  const { operation, target, who, why = "" } = act;
  const local = { kind: "local", rights: ["operator"], from: "local" } as const;
  await accessLog?.record({ ...local, who, operation, target, why });
}
