/**
 * The page of commands in a bundle: docs/VERIFY.md with the names of this release in its first block, without the sections that need
 * what a bundle has not. So what the tests run in a demonstration and what an auditor runs on a bundle are the same lines.
 */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";
import { VerificationError } from "../../core/errors.js";

export interface PageNames {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** When the manifest was stamped: the time at which openssl judges. */
  readonly stamped: Date;
}

/** The first block of the page: where the lines find things. */
const namesBlock = /^export TREE=\S+ FEED=\S+ N=\d+ LISTS=\S+ AT=\S+ ?\S*;/m;
/** Sections say in their heading what they need. */
const elsewhere = /^## .*\((at an endpoint|for an auditor of the service)\)$/;
const bundled = /^## .*\(in a bundle\)$/;

export function commandsPage(verifyPage: string, { feed, release, stamped }: PageNames): string {
  const [head = "", ...sections] = verifyPage.split(/^(?=## )/m);
  if (
    !namesBlock.test(head) ||
    !sections.some((section) => bundled.test(section.split("\n", 1)[0] as string))
  ) {
    throw new VerificationError("BUNDLE_MALFORMED", "expected the page of commands, got another page");
  }
  const seconds = Math.floor(stamped.getTime() / 1000);
  const names = `export TREE=public FEED=${feed} N=${release} LISTS=revocation AT=${seconds};`;
  const kept = sections.filter((section) => !elsewhere.test(section.split("\n", 1)[0] as string));
  return [head.replace(namesBlock, names), ...kept].join("");
}
