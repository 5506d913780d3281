/** Every operation of openapi.yaml, with a request for each that keeps to the contract. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { expect } from "vitest";
import { deskRoles, roles, type Role } from "../../src/services/model.js";
import type { TestService } from "../support/service.js";

export interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly tags: string[];
  readonly requestBody?: { content: Record<string, unknown> };
}
export const contract = parse(readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
};
export const methods = ["get", "post", "put", "delete", "patch"];
export const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined
      ? []
      : [{ method: method.toUpperCase(), path, operation, id: operation.operationId }];
  }),
);
export const guarded = operations.filter(({ path }) => path.startsWith("/v1/"));

export const filled: Record<string, string> = {
  id: "s-000000000999",
  sha256: "a".repeat(64),
  feed: "endpoint",
  ruleset: "nowhere",
  token: `t-${"a".repeat(16)}`,
  release: "99",
  name: "99.full.rmp",
  region: "ch",
};
export const broken: Record<string, string> = {
  id: "s-1",
  sha256: "xyz",
  feed: "No",
  ruleset: "No",
  token: "x",
  release: "zero",
  name: "..%2f..%2fx",
  region: "No",
};
export const fill = (path: string, values: Record<string, string>) =>
  path
    .replace("visits/{id}", (place) => (values.id === filled.id ? "visits/v-000000000999" : place))
    .replace(/\{(\w+)\}/g, (_, name: string) => values[name] as string);

export const bodies: Record<string, object> = {
  getSources: { sha256: ["a".repeat(64)] },
  approveSubmission: { digest: "a".repeat(64) },
  rejectSubmission: { digest: "a".repeat(64), reason: "no" },
  approveInEmergency: { digest: "a".repeat(64), reason: "now" },
  withdrawSubmission: {},
  quarantineRule: { id: "x", reason: "why" },
  liftQuarantine: { id: "x", reason: "why" },
  createToken: { label: "x", days: 1 },
  addComment: { text: "why?" },
  beginVisit: { reason: "to look" },
  addVisitRebuild: { feed: "endpoint", release: 99, result: "PASSED", explanation: "" },
  buildRelease: {},
  addVerdict: { result: "FAILED", explanation: "differs" },
  withdrawRelease: { to: 1, reason: "bad" },
  haltRollout: { release: 1, reason: "calls" },
  resumeRollout: { release: 1, reason: "false alarm" },
  skipRings: { release: 1, reason: "urgent", permille: 500 },
  addRebuildVerdict: {
    publicKey: `-----BEGIN PUBLIC KEY-----\n${"A".repeat(60)}\n-----END PUBLIC KEY-----\n`,
    envelope: { payloadType: "t", payload: "YQ==", signatures: [{ keyid: "", sig: "YQ==" }] },
  },
};
const queries: Record<string, string> = {
  createSubmission: "?ruleset=r&kind=yara",
  explainRule: "?id=x",
  getRuleRevisions: "?id=x",
};
/** The role that an operation's description asks for; every role where it says so. */
export function allowedRoles({ description = "" }: Operation): readonly Role[] {
  if (description.startsWith("Any role, and a monitor")) return roles;
  if (/^Any role|^Role analyst, reviewer, release-manager, overseer, rebuilder or auditor/.test(description))
    return deskRoles;
  const named = (/^Role ([a-z-]+(?: or [a-z-]+)*)/.exec(description)?.[1] ?? "").split(" or ") as Role[];
  for (const role of named) expect(roles).toContain(role);
  return named;
}

export function send(
  service: TestService,
  operation: Operation,
  method: string,
  path: string,
  as?: Role,
): Promise<Response> {
  const query = queries[operation.operationId] ?? "";
  if (operation.operationId === "createSubmission") {
    const headers = { "Content-Type": "application/x-tar" };
    return service.call(method, path + query, { as, headers, body: new Uint8Array(1024) });
  }
  const json = method === "POST" ? bodies[operation.operationId] : undefined;
  return service.call(method, path + query, { as, json });
}
