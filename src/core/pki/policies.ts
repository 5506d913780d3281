/**
 * Certificate policies (RFC 5280 §6.1, as RFC 9618 mends it): which policies hold from the anchor down to the leaf. Instead of a
 * tree, every level keeps each policy once, with the policies of the anchor's domain that it stands for: no blow-up.
 */
import type { DERNode } from "../encoding/der.js";
import { contextTag, tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import type { Certificate } from "./certificate.js";
import { refusal } from "./failure.js";
import { isSelfIssued } from "./names.js";
import { oids } from "./oids.js";

export interface PolicyMapping {
  readonly issuer: string;
  readonly subject: string;
}

/** RFC 5280 §6.1.1 c, e, f, g: what whoever asks wants of the policies of a path. */
export interface PolicyRules {
  /** Policies of which one must hold; all are welcome when absent. */
  readonly acceptable?: readonly string[];
  readonly explicit?: boolean;
  readonly inhibitMapping?: boolean;
  readonly inhibitAny?: boolean;
}

/** Policy identifiers, each once. @throws VerificationError DER_MALFORMED, LIMIT_EXCEEDED */
export function parsePolicies(node: DERNode): readonly string[] {
  const policies = bounded(node.sequenceOf("policies")).map((information) => {
    const fields = information.fields("a policy");
    const policy = fields.next().oid();
    const qualifiers = fields.optional(tags.sequence);
    fields.end();
    if (qualifiers?.children.length === 0) throw refusal("DER_MALFORMED", "expected a qualifier, got none");
    return policy;
  });
  if (new Set(policies).size < policies.length) {
    throw refusal("DER_MALFORMED", "expected each policy once, got one twice");
  }
  return policies;
}

export function parsePolicyMappings(node: DERNode): readonly PolicyMapping[] {
  return bounded(node.sequenceOf("policy mappings")).map((mapping) => {
    const fields = mapping.fields("a policy mapping");
    const pair = { issuer: fields.next().oid(), subject: fields.next().oid() };
    fields.end();
    return pair;
  });
}

function bounded(nodes: readonly DERNode[]): readonly DERNode[] {
  if (nodes.length === 0) throw refusal("DER_MALFORMED", "expected a policy, got none");
  if (nodes.length <= limits.policiesMax) return nodes;
  throw refusal("LIMIT_EXCEEDED", `expected at most ${limits.policiesMax} policies, got ${nodes.length}`);
}

export function parsePolicyConstraints(node: DERNode): { requireExplicit?: number; inhibitMapping?: number } {
  const fields = node.fields("policy constraints");
  const requireExplicit = fields.optional(contextTag(0))?.smallInteger(contextTag(0));
  const inhibitMapping = fields.optional(contextTag(1))?.smallInteger(contextTag(1));
  fields.end();
  // RFC 5280 §4.2.1.11: not an empty sequence.
  if (requireExplicit === undefined && inhibitMapping === undefined) {
    throw refusal("DER_MALFORMED", "expected a constraint on policies, got none");
  }
  return {
    ...(requireExplicit !== undefined && { requireExplicit }),
    ...(inhibitMapping !== undefined && { inhibitMapping }),
  };
}

interface Standing {
  /** What the next certificate may call it. */
  expected: readonly string[];
  /** Policies of the anchor's domain that it stands for; `anyPolicy` for all. */
  readonly roots: ReadonlySet<string>;
}

/** RFC 5280 §6.1.2 d to g: how many more certificates until each rule takes hold. */
interface PolicyState {
  /** Undefined when no policy holds any more (a NULL tree). */
  level: Map<string, Standing> | undefined;
  explicit: number;
  mapping: number;
  anyPolicy: number;
}

/** SPEC §6.5.9. `path` is leaf first, anchor last. @throws VerificationError CERTIFICATE_POLICY */
export function requirePolicies(path: readonly Certificate[], rules: PolicyRules): void {
  const never = path.length;
  const { anyPolicy } = oids;
  const state: PolicyState = {
    level: new Map([[anyPolicy, { expected: [anyPolicy], roots: new Set([anyPolicy]) }]]),
    explicit: rules.explicit === true ? 0 : never,
    mapping: rules.inhibitMapping === true ? 0 : never,
    anyPolicy: rules.inhibitAny === true ? 0 : never,
  };
  for (let i = path.length - 2; i >= 0; i--) {
    const certificate = path[i] as Certificate;
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
  if (explicit > 0 || (level !== undefined && level.size > 0)) return;
  throw refusal("CERTIFICATE_POLICY", "expected a policy that holds along the whole path, got none");
}

/** RFC 9618 §5.4 d, e: the policies of this certificate that continue one above. */
function descend(state: PolicyState, certificate: Certificate, isLeaf: boolean): void {
  const policies = certificate.extensions.certificatePolicies;
  const above = state.level;
  state.level = undefined;
  if (policies === undefined || above === undefined) return;
  const { anyPolicy } = oids;
  const next = new Map<string, Standing>();
  const add = (policy: string, roots: Iterable<string>): void => {
    next.set(policy, { expected: [policy], roots: new Set([...(next.get(policy)?.roots ?? []), ...roots]) });
  };
  const expecting = (policy: string): Standing[] =>
    [...above.values()].filter(({ expected }) => expected.includes(policy));
  for (const policy of policies.filter((one) => one !== anyPolicy)) {
    const parents = expecting(policy);
    for (const { roots } of parents) add(policy, roots);
    if (parents.length === 0 && above.has(anyPolicy)) add(policy, [policy]);
  }
  if (policies.includes(anyPolicy) && (state.anyPolicy > 0 || (!isLeaf && isSelfIssued(certificate)))) {
    const expected = new Set([...above.values()].flatMap((standing) => standing.expected));
    for (const policy of expected) {
      if (!next.has(policy)) for (const { roots } of expecting(policy)) add(policy, roots);
    }
  }
  if (next.size > 0) state.level = next;
}

/** RFC 5280 §6.1.4 a, b, h, i, j. */
function prepareNext(state: PolicyState, certificate: Certificate): void {
  const { policyMappings = [], policyConstraints, inhibitAnyPolicy } = certificate.extensions;
  if (policyMappings.some(({ issuer, subject }) => issuer === oids.anyPolicy || subject === oids.anyPolicy)) {
    throw refusal("CERTIFICATE_POLICY", "expected no mapping of any policy");
  }
  for (const issuer of new Set(policyMappings.map((mapping) => mapping.issuer))) {
    const standing = state.level?.get(issuer);
    if (state.mapping === 0) state.level?.delete(issuer);
    else if (standing !== undefined || state.level?.has(oids.anyPolicy) === true) {
      const expected = policyMappings.filter((one) => one.issuer === issuer).map(({ subject }) => subject);
      state.level?.set(issuer, { expected, roots: standing?.roots ?? new Set([issuer]) });
    }
  }
  if (state.level?.size === 0) state.level = undefined;
  if (!isSelfIssued(certificate)) {
    state.explicit = Math.max(0, state.explicit - 1);
    state.mapping = Math.max(0, state.mapping - 1);
    state.anyPolicy = Math.max(0, state.anyPolicy - 1);
  }
  state.explicit = Math.min(state.explicit, policyConstraints?.requireExplicit ?? state.explicit);
  state.mapping = Math.min(state.mapping, policyConstraints?.inhibitMapping ?? state.mapping);
  state.anyPolicy = Math.min(state.anyPolicy, inhibitAnyPolicy ?? state.anyPolicy);
}

/** RFC 5280 §6.1.5 g: what of it the asker accepts. */
function intersect(state: PolicyState, acceptable: readonly string[] | undefined): void {
  if (acceptable === undefined || acceptable.includes(oids.anyPolicy)) return;
  for (const [policy, { roots }] of state.level ?? []) {
    const accepted = roots.has(oids.anyPolicy) || acceptable.some((one) => roots.has(one));
    if (!accepted) state.level?.delete(policy);
  }
}
