/** Policies along a path, against the tree of RFC 5280 §6.1 grown in full: small paths, all settings, chosen at random. */
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import type { Certificate } from "../../../src/core/pki/certificate.js";
import { type PolicyMapping, type PolicyRules, requirePolicies } from "../../../src/core/pki/policies.js";

const wild = "2.5.29.32.0";
const names = ["1.1", "1.2", "1.3"];

interface Facts {
  readonly selfIssued: boolean;
  readonly policies?: readonly string[];
  readonly mappings?: readonly PolicyMapping[];
  readonly requireExplicit?: number;
  readonly inhibitMapping?: number;
  readonly inhibitAny?: number;
}

/** The path below the anchor, from the anchor down. */
function accepts(facts: readonly Facts[], rules: PolicyRules): boolean {
  const name = (text: string) => ({ der: new TextEncoder().encode(text) });
  const path = facts.map((one, i) => ({
    issuer: name("issuer"),
    subject: name(one.selfIssued ? "issuer" : `subject ${i}`),
    extensions: {
      ...(one.policies && { certificatePolicies: one.policies }),
      ...(one.mappings && { policyMappings: one.mappings }),
      ...((one.requireExplicit !== undefined || one.inhibitMapping !== undefined) && {
        policyConstraints: { requireExplicit: one.requireExplicit, inhibitMapping: one.inhibitMapping },
      }),
      ...(one.inhibitAny !== undefined && { inhibitAnyPolicy: one.inhibitAny }),
    },
  }));
  const anchor = { issuer: name("anchor"), subject: name("anchor"), extensions: {} };
  try {
    requirePolicies([...path.reverse(), anchor] as unknown as Certificate[], rules);
    return true;
  } catch (cause) {
    if (cause instanceof RulemintError && cause.code === "CERTIFICATE_POLICY") return false;
    throw cause;
  }
}

/** A node of valid_policy_tree. */
interface Node {
  readonly policy: string;
  expected: string[];
  readonly parent: Node | undefined;
}

/** RFC 5280 §6.1, letter by letter, with a list of leaves for each depth. Slow; bounded by the smallness of its input. */
function treeAccepts(facts: readonly Facts[], rules: PolicyRules): boolean {
  const n = facts.length;
  let leaves: Node[] = [{ policy: wild, expected: [wild], parent: undefined }];
  let explicit = rules.explicit ? 0 : n + 1;
  let mapping = rules.inhibitMapping ? 0 : n + 1;
  let anyPolicy = rules.inhibitAny ? 0 : n + 1;
  for (const [at, one] of facts.entries()) {
    const last = at === n - 1;
    const above = leaves;
    leaves = [];
    const grow = (policy: string, parent: Node) => leaves.push({ policy, expected: [policy], parent });
    for (const policy of one.policies?.filter((each) => each !== wild) ?? []) {
      const matching = above.filter(({ expected }) => expected.includes(policy));
      for (const parent of matching) grow(policy, parent);
      if (matching.length === 0)
        for (const parent of above.filter((each) => each.policy === wild)) grow(policy, parent);
    }
    if (one.policies?.includes(wild) && (anyPolicy > 0 || (!last && one.selfIssued))) {
      for (const parent of above) {
        for (const expected of parent.expected) {
          if (!leaves.some((leaf) => leaf.parent === parent && leaf.policy === expected))
            grow(expected, parent);
        }
      }
    }
    if (explicit === 0 && leaves.length === 0) return false;
    if (last) continue;
    const mappings = one.mappings ?? [];
    if (mappings.some(({ issuer, subject }) => issuer === wild || subject === wild)) return false;
    for (const issuer of new Set(mappings.map((each) => each.issuer))) {
      const subjects = mappings.filter((each) => each.issuer === issuer).map(({ subject }) => subject);
      const own = leaves.filter(({ policy }) => policy === issuer);
      if (mapping === 0) leaves = leaves.filter(({ policy }) => policy !== issuer);
      else if (own.length > 0) for (const leaf of own) leaf.expected = subjects;
      else {
        const star = leaves.find(({ policy }) => policy === wild);
        if (star !== undefined) leaves.push({ policy: issuer, expected: subjects, parent: star.parent });
      }
    }
    if (!one.selfIssued)
      [explicit, mapping, anyPolicy] = [explicit, mapping, anyPolicy].map((x) => Math.max(0, x - 1)) as [
        number,
        number,
        number,
      ];
    explicit = Math.min(explicit, one.requireExplicit ?? explicit);
    mapping = Math.min(mapping, one.inhibitMapping ?? mapping);
    anyPolicy = Math.min(anyPolicy, one.inhibitAny ?? anyPolicy);
  }
  explicit = facts[n - 1]?.requireExplicit === 0 ? 0 : Math.max(0, explicit - 1);
  const { acceptable } = rules;
  if (acceptable !== undefined && !acceptable.includes(wild)) {
    // §6.1.5 g iii: the node below an anyPolicy node is the authority's own word for it.
    const root = (leaf: Node): string => {
      let node = leaf;
      while (node.policy !== wild && node.parent !== undefined && node.parent.policy !== wild)
        node = node.parent;
      return node.policy;
    };
    leaves = leaves.filter((leaf) => root(leaf) === wild || acceptable.includes(root(leaf)));
  }
  return explicit > 0 || leaves.length > 0;
}

/** A small generator with a seed: the same cases every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomCase(next: (below: number) => number): { facts: Facts[]; rules: PolicyRules } {
  const pick = () => names[next(names.length)] as string;
  const some = <T>(chance: number, make: () => T): T | undefined => (next(10) < chance ? make() : undefined);
  const list = () => [...new Set(Array.from({ length: 1 + next(3) }, () => (next(5) === 0 ? wild : pick())))];
  const facts = Array.from({ length: 1 + next(4) }, () =>
    JSON.parse(
      JSON.stringify({
        selfIssued: next(5) === 0,
        policies: some(9, list),
        mappings: some(4, () =>
          Array.from({ length: 1 + next(2) }, () => ({
            issuer: pick(),
            subject: next(30) === 0 ? wild : pick(),
          })),
        ),
        requireExplicit: some(3, () => next(3)),
        inhibitMapping: some(2, () => next(3)),
        inhibitAny: some(2, () => next(3)),
      }),
    ),
  ) as Facts[];
  const rules = JSON.parse(
    JSON.stringify({
      acceptable: some(5, () => [pick()]),
      explicit: some(6, () => true),
      inhibitMapping: some(1, () => true),
      inhibitAny: some(1, () => true),
    }),
  ) as PolicyRules;
  return { facts, rules };
}

describe("SPEC §6.5.9 certificate policies", () => {
  it("are judged as the whole tree of RFC 5280 §6.1 would judge them, 20,000 times", () => {
    const next = generator(8420);
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      const { facts, rules } = randomCase(next);
      const expected = treeAccepts(facts, rules);
      expect({ facts, rules, accepted: accepts(facts, rules) }).toEqual({ facts, rules, accepted: expected });
      if (expected) accepted++;
    }
    console.log(`policies: 20,000 paths judged as by the tree, ${accepted} of them accepted`);
    expect(accepted).toBeGreaterThan(2_000);
    expect(accepted).toBeLessThan(18_000);
  });

  it("cost no more for mappings that would make the tree grow without end", () => {
    const policies = Array.from({ length: 8 }, (_, i) => `1.${i}`);
    const mappings = policies.flatMap((issuer) => policies.map((subject) => ({ issuer, subject })));
    const facts: Facts[] = Array.from({ length: 60 }, () => ({ selfIssued: false, policies, mappings }));
    // The tree would have 8 to the power of 60 leaves.
    expect(accepts(facts, { explicit: true, acceptable: ["1.0"] })).toBe(true);
    expect(accepts(facts, { explicit: true, acceptable: ["1.9"] })).toBe(false);
  });
});
