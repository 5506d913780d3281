/** Entries of the access log for the doors that lead here: the interface, and the commands on the service's own machine. */
import { PolicyError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import type { Identity } from "./model.js";
import type { VisitRecord } from "./visits.js";

type AccessContext = Pick<ServiceContext, "accessLog" | "records">;

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
  context: AccessContext,
  { name, roles }: Identity,
  said: Access,
): Promise<number | undefined> {
  const { accessLog } = context;
  if (accessLog === undefined) return undefined;
  const access = await ofVisit(context, name, said);
  const index = await accessLog.record({ kind: "access", who: name, rights: [...roles], ...access });
  // SPEC §13.2.4: who may look at everything says why.
  if (!roles.includes("auditor") || access.why.trim() !== "" || access.operation === "whoAmI") return index;
  const error = new PolicyError("REASON_MISSING", "expected a reason of an auditor, got none");
  await recordRefusal(context, { name, roles }, { ...access, of: index, code: error.code });
  throw error;
}

/** SPEC §13.5.1: nobody's calls are put into another's visit. */
async function ofVisit({ records }: AccessContext, who: string, access: Access): Promise<Access> {
  if (access.review === "") return access;
  const visit = await records.get<VisitRecord>("visits", access.review);
  if (visit?.body.who !== who) return { ...access, review: "" };
  return access.why.trim() === "" ? { ...access, why: visit.body.why } : access;
}

/** @throws OperationError ACCESS_LOG_UNAVAILABLE */
export async function recordRefusal(
  context: AccessContext,
  { name, roles }: Identity,
  refusal: Access & { readonly of: number; readonly code: string },
): Promise<void> {
  const own = { ...refusal, ...(await ofVisit(context, name, refusal)) };
  await context.accessLog?.record({ kind: "refusal", who: name, rights: [...roles], ...own });
}

/** SPEC §13.2.9: the name of what the access `of` made. @throws OperationError ACCESS_LOG_UNAVAILABLE */
export async function recordOutcome(
  context: AccessContext,
  { name, roles }: Identity,
  outcome: Access & { readonly of: number },
): Promise<void> {
  const own = { ...outcome, ...(await ofVisit(context, name, outcome)) };
  await context.accessLog?.record({ kind: "outcome", who: name, rights: [...roles], ...own });
}

/** Of a command on this machine. Who it was is what the operating system says. @throws OperationError ACCESS_LOG_UNAVAILABLE */
export async function recordLocal(
  { accessLog }: Pick<AccessContext, "accessLog">,
  act: { readonly operation: string; readonly target: string; readonly who: string; readonly why?: string },
): Promise<void> {
  const { operation, target, who, why = "" } = act;
  const local = { kind: "local", rights: ["operator"], from: "local" } as const;
  await accessLog?.record({ ...local, who, operation, target, why });
}
