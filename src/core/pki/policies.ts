/**
 * Certificate policies (RFC 5280 §6.1, as RFC 9618 mends it): which policies hold from the anchor down to the leaf. Instead of a
 * tree, every level keeps each policy once, with the policies of the anchor's domain that it stands for: no blow-up.
 */
import * as der from "../encoding/der-schema.js";
import { tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import type { Certificate } from "./certificate.js";
import { ensure } from "./failure.js";
import { isSelfIssued } from "./names.js";

export const anyPolicy = "2.5.29.32.0";

/** RFC 5280 §6.1.1 c, e, f, g: what whoever asks wants of the policies of a path. */
export interface PolicyRules {
  /** Policies of which one must hold; all are welcome when absent. */
  readonly acceptable?: readonly string[];
  readonly explicit?: boolean;
  readonly inhibitMapping?: boolean;
  readonly inhibitAny?: boolean;
}

const most = limits.policiesMax;
const readPolicy = der.sequence("a policy", {
  policy: der.objectID,
  /** They decide nothing. */
  qualifiers: der.optional(tags.sequence, der.sequenceOf("policy qualifiers", der.any, 1)),
});
const readPolicies = der.sequenceOf("policies", (node) => readPolicy(node).policy, 1, most);
const readMapping = der.sequence("a policy mapping", { issuer: der.objectID, subject: der.objectID });

/** Identifiers, each once. @throws VerificationError DER_MALFORMED, LIMIT_EXCEEDED; likewise below */
export const parsePolicies = der.where(
  readPolicies,
  (all) => new Set(all).size === all.length,
  "each policy once",
);
export const parsePolicyMappings = der.sequenceOf("policy mappings", readMapping, 1, most);
export type PolicyMapping = ReturnType<typeof readMapping>;
export const parsePolicyConstraints = der.where(
  der.sequence("policy constraints", {
    requireExplicit: der.implicit(0, tags.integer, der.smallInteger),
    inhibitMapping: der.implicit(1, tags.integer, der.smallInteger),
  }),
  // RFC 5280 §4.2.1.11: not an empty sequence.
  ({ requireExplicit, inhibitMapping }) => (requireExplicit ?? inhibitMapping) !== undefined,
  "a constraint on policies",
);

interface Standing {
  /** What the next certificate may call it. */
  readonly expected: readonly string[];
  /** Policies of the anchor's domain that it stands for; `anyPolicy` for all. */
  readonly roots: ReadonlySet<string>;
}

/** RFC 5280 §6.1.2: what holds so far, none at all when empty, and how many more certificates until each rule takes hold. */
interface PolicyState {
  level: Map<string, Standing>;
  explicit: number;
  mapping: number;
  any: number;
}

/** SPEC §6.5.9. `path` is leaf first, anchor last. @throws VerificationError CERTIFICATE_POLICY */
export function requirePolicies(path: readonly Certificate[], rules: PolicyRules): void {
  const from = (atOnce: boolean | undefined): number => (atOnce === true ? 0 : path.length);
  const state: PolicyState = {
    level: new Map([[anyPolicy, { expected: [anyPolicy], roots: new Set([anyPolicy]) }]]),
    ...{ explicit: from(rules.explicit), mapping: from(rules.inhibitMapping), any: from(rules.inhibitAny) },
  };
  for (const [i, certificate] of [...path.entries()].reverse().slice(1)) {
    descend(state, certificate, i === 0);
    requireStanding(state);
    if (i > 0) prepareNext(state, certificate);
  }
  // RFC 5280 §6.1.5 a, b.
  const { policyConstraints } = (path[0] as Certificate).extensions;
  state.explicit = policyConstraints?.requireExplicit === 0 ? 0 : Math.max(0, state.explicit - 1);
  intersect(state, rules.acceptable);
  requireStanding(state);
}

/** RFC 5280 §6.1.3 f. */
function requireStanding({ explicit, level }: PolicyState): void {
  const holds = explicit > 0 || level.size > 0;
  ensure(holds, "CERTIFICATE_POLICY", "a policy that holds along the whole path", "none");
}

/** RFC 9618 §5.4 d, e: the policies of this certificate that continue one above. */
function descend(state: PolicyState, certificate: Certificate, isLeaf: boolean): void {
  const { certificatePolicies: policies = [] } = certificate.extensions;
  const above = [...state.level.values()];
  const next = new Map<string, Standing>();
  const add = (policy: string, roots: Iterable<string>): void => {
    next.set(policy, { expected: [policy], roots: new Set([...(next.get(policy)?.roots ?? []), ...roots]) });
  };
  const expecting = (policy: string): Standing[] => above.filter(({ expected }) => expected.includes(policy));
  for (const policy of policies.filter((one) => one !== anyPolicy)) {
    const parents = expecting(policy);
    for (const { roots } of parents) add(policy, roots);
    if (parents.length === 0 && state.level.has(anyPolicy)) add(policy, [policy]);
  }
  if (policies.includes(anyPolicy) && (state.any > 0 || (!isLeaf && isSelfIssued(certificate)))) {
    const left = new Set(above.flatMap(({ expected }) => expected.filter((policy) => !next.has(policy))));
    for (const policy of left) for (const { roots } of expecting(policy)) add(policy, roots);
  }
  state.level = next;
}

/** RFC 5280 §6.1.4 a, b, h, i, j. */
function prepareNext(state: PolicyState, certificate: Certificate): void {
  const { policyMappings = [], policyConstraints, inhibitAnyPolicy } = certificate.extensions;
  const mapsAny = policyMappings.some(({ issuer, subject }) => issuer === anyPolicy || subject === anyPolicy);
  ensure(!mapsAny, "CERTIFICATE_POLICY", "no mapping of any policy", "one");
  for (const issuer of new Set(policyMappings.map((mapping) => mapping.issuer))) {
    const standing = state.level.get(issuer);
    if (state.mapping === 0) state.level.delete(issuer);
    else if (standing !== undefined || state.level.has(anyPolicy)) {
      const expected = policyMappings.filter((one) => one.issuer === issuer).map(({ subject }) => subject);
      state.level.set(issuer, { expected, roots: standing?.roots ?? new Set([issuer]) });
    }
  }
  const step = isSelfIssued(certificate) ? 0 : 1;
  const next = (left: number, asked: number = left): number => Math.min(Math.max(0, left - step), asked);
  state.explicit = next(state.explicit, policyConstraints?.requireExplicit);
  state.mapping = next(state.mapping, policyConstraints?.inhibitMapping);
  state.any = next(state.any, inhibitAnyPolicy);
}

/** RFC 5280 §6.1.5 g: what of it the asker accepts. */
function intersect(state: PolicyState, acceptable: readonly string[] | undefined): void {
  if (acceptable === undefined || acceptable.includes(anyPolicy)) return;
  for (const [policy, { roots }] of state.level) {
    const isAccepted = roots.has(anyPolicy) || acceptable.some((one) => roots.has(one));
    if (!isAccepted) state.level.delete(policy);
  }
}
