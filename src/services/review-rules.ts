/**
 * Who may write and who may review which rulesets, and how many must say yes. It is the operator's file that says so, so that nobody at the
 * desk widens it for himself.
 */
import { PolicyError, quote } from "../core/errors.js";
import type { Identity } from "./model.js";
import { requireRole } from "./roles.js";

export interface ReviewRules {
  /** Approvals that a submission needs. */
  readonly approvals: number;
  /** People who together may let something through without them; never fewer than two. */
  readonly emergencyPeople: number;
  /** By name, or by a pattern in which `*` stands for any text. The first that fits counts. */
  readonly rulesets: readonly RulesetRules[];
}

export interface RulesetRules {
  readonly name: string;
  readonly approvals?: number;
  /** Names of identities; absent: everybody with the role. */
  readonly analysts?: readonly string[];
  readonly reviewers?: readonly string[];
}

export const defaultReviewRules: ReviewRules = { approvals: 1, emergencyPeople: 2, rulesets: [] };

interface Settings {
  readonly review?: ReviewRules;
}

export function approvalsNeeded(settings: Settings, ruleset: string): number {
  const rules = settings.review ?? defaultReviewRules;
  return rulesFor(rules, ruleset)?.approvals ?? rules.approvals;
}

export function emergencyPeople({ review = defaultReviewRules }: Settings): number {
  return Math.max(2, review.emergencyPeople);
}

/** SPEC §17.3.2. @throws PolicyError ROLE_REFUSED */
export function requireAuthor(settings: Settings, identity: Identity, ruleset: string): void {
  requireRole(identity, "analyst");
  requireListed(rulesFor(settings.review, ruleset)?.analysts, identity, `an analyst of ${quote(ruleset)}`);
}

/** SPEC §17.3.2. @throws PolicyError ROLE_REFUSED */
export function requireReviewer(settings: Settings, identity: Identity, ruleset: string): void {
  requireRole(identity, "reviewer");
  requireListed(rulesFor(settings.review, ruleset)?.reviewers, identity, `a reviewer of ${quote(ruleset)}`);
}

function rulesFor(rules: ReviewRules | undefined, ruleset: string): RulesetRules | undefined {
  return rules?.rulesets.find(({ name }) => fits(name, ruleset));
}

function fits(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[^a-z0-9-]/g, "\\$&"));
  return new RegExp(`^${parts.join("[a-z0-9-]*")}$`).test(name);
}

function requireListed(names: readonly string[] | undefined, { name }: Identity, what: string): void {
  if (names === undefined || names.includes(name)) return;
  throw new PolicyError("ROLE_REFUSED", `expected role ${what}, got ${quote(name)}`);
}
