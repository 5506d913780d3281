/**
 * SPEC §17.1: nothing is published that stands on something about to end. A person asks for publication and can mend it; renewals of what
 * is public already go on, because stopping them would only make endpoints stale sooner.
 */
import { PolicyError, quote } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { timeText } from "./documents.js";
import { type Expiry, listExpiries } from "./expiries.js";
import { manifestExpiry } from "./manifest-life.js";
import type { ReleaseRecord } from "./model.js";

/** Days that must be left; 0 asks for nothing. Snapshot and timestamp are signed anew in the same step, and so are not asked. */
export interface PublishingWindow {
  /** Root, targets, and the manifest itself. */
  readonly roles: number;
  readonly certificates: number;
  readonly revocation: number;
}

export const defaultPublishingWindow: PublishingWindow = { roles: 1, certificates: 7, revocation: 0 };

const dayMs = 86_400_000;

/** @throws PolicyError EXPIRY_NEAR naming everything that ends too soon; OperationError of the stores */
export async function requireLasting(context: ServiceContext, release: ReleaseRecord): Promise<void> {
  const window = context.settings.publishingWindow ?? defaultPublishingWindow;
  const now = context.clock.now().getTime();
  const manifest = { kind: "role", name: `${release.feed} ${release.release}` } as const;
  const all = [
    ...(await listExpiries(context)).filter(isAsked),
    { ...manifest, expires: await manifestExpiry(context, release) },
  ];
  const near = all.filter((one) => isNear(one.expires.getTime() - now, daysFor(one, window)));
  if (near.length === 0) return;
  const named = near.map(({ name, expires }) => `${quote(name)} ends at ${timeText(expires)}`);
  // SPEC §17.1.1: each of them is named, so that all are mended at once.
  throw new PolicyError(
    "EXPIRY_NEAR",
    `expected what the release stands on to last, got: ${named.join("; ")}`,
  );
}

function isAsked({ kind, name }: Expiry): boolean {
  return kind !== "role" || name === "root" || name === "targets";
}

function isNear(leftMs: number, days: number): boolean {
  return days > 0 && leftMs < days * dayMs;
}

function daysFor({ kind }: Expiry, window: PublishingWindow): number {
  if (kind === "role") return window.roles;
  return kind === "revocation" ? window.revocation : window.certificates;
}
