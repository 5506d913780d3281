/**
 * What bad input gets, item by item, as the project promises it: which code, and the test that proves it. The tests are not run from
 * here; this page only makes sure that none of them is renamed or dropped unnoticed.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { errorTable } from "../../src/core/errors.js";

const rows: readonly (readonly [item: string, code: string, file: string, title: string])[] = [
  // At the publisher's door.
  [
    "a broken YARA rule",
    "RULES_INVALID",
    "end-to-end/bad-files.test.ts",
    "in %s is named with file, line and column",
  ],
  ["a broken Sigma rule", "RULES_INVALID", "end-to-end/bad-files.test.ts", '"sigma"'],
  ["a broken Suricata rule", "RULES_INVALID", "end-to-end/bad-files.test.ts", '"suricata"'],
  ["a broken ClamAV signature", "RULES_INVALID", "end-to-end/bad-files.test.ts", '"clamav"'],
  ["a broken indicator", "RULES_INVALID", "end-to-end/bad-files.test.ts", '"ioc"'],
  ["a path with ..", "PATH_UNSAFE", "end-to-end/bad-files.test.ts", "with a path that climbs"],
  ["a path with .., below the door", "PATH_UNSAFE", "services/submit-rules.test.ts", "../evil.yar"],
  ["a symlink", "PATH_UNSAFE", "end-to-end/bad-files.test.ts", "that is a symbolic link is PATH_UNSAFE"],
  ["a symlink in an archive", "PATH_UNSAFE", "http/submissions.test.ts", "a symbolic link"],
  [
    "a file of 2 GiB",
    "FILE_TOO_LARGE",
    "end-to-end/bad-files.test.ts",
    "of 2 GiB is FILE_TOO_LARGE, and not stored",
  ],
  ["2 GiB declared", "FILE_TOO_LARGE", "http/submissions.test.ts", "2 GiB declared: FILE_TOO_LARGE"],
  [
    "a zip bomb",
    "MEDIA_TYPE_REFUSED",
    "http/submissions.test.ts",
    "a zip bomb by its own name, or by Content-Encoding",
  ],
  [
    "a zip bomb under the name of tar",
    "ARCHIVE_MALFORMED",
    "http/submissions.test.ts",
    "gzip under the name of tar",
  ],
  [
    "invalid UTF-8",
    "TEXT_NOT_UTF8",
    "end-to-end/bad-files.test.ts",
    "in invalid UTF-8 is TEXT_NOT_UTF8, at its line",
  ],
  [
    "a truncated archive",
    "ARCHIVE_MALFORMED",
    "end-to-end/bad-files.test.ts",
    "in an archive that is cut off",
  ],
  [
    "a replayed approval",
    "SUBMISSION_DECIDED",
    "services/review-submission.test.ts",
    "refuses a replayed approval and any second decision",
  ],
  [
    "one's own approval",
    "APPROVAL_OWN",
    "services/review-submission.test.ts",
    "refuses the author's own approval",
  ],
  // On the way to the endpoint.
  [
    "one flipped byte of a pack, anywhere",
    "PACK_DIGEST_MISMATCH",
    "client/flipped-byte.test.ts",
    "a pack with one flipped byte anywhere",
  ],
  ["a truncated pack", "PACK_DIGEST_MISMATCH", "client/hostile/content-lies.ts", "packs cut short"],
  [
    "a manifest by the publisher alone",
    "METADATA_THRESHOLD",
    "client/hostile/metadata-lies.ts",
    "a manifest by the publisher alone",
  ],
  [
    "a manifest by the overseer alone",
    "METADATA_THRESHOLD",
    "client/hostile/metadata-lies.ts",
    "a manifest by the overseer alone",
  ],
  [
    "a manifest by one key twice",
    "METADATA_MALFORMED",
    "client/hostile/metadata-lies.ts",
    "a manifest with one signature twice",
  ],
  [
    "one key under two ids",
    "METADATA_THRESHOLD",
    "core/trust/trusted-metadata.test.ts",
    "counts one public key once, under however many key ids",
  ],
  [
    "a key without the Swiss certificate",
    "SIGNER_KEY_MISMATCH",
    "client/hostile/content-lies.ts",
    "evidence by a key that is not the publisher's",
  ],
  [
    "a certificate of another country",
    "SWISS_POLICY",
    "client/hostile/content-lies.ts",
    "evidence by a certificate of another country",
  ],
  [
    "a certificate that nobody issued",
    "CERTIFICATE_UNTRUSTED",
    "client/hostile/content-lies.ts",
    "evidence by a self-made certificate",
  ],
  [
    "an expired certificate",
    "CERTIFICATE_EXPIRED",
    "client/hostile/content-lies.ts",
    "evidence by an expired certificate",
  ],
  [
    "a certificate with the wrong EKU",
    "CERTIFICATE_USAGE",
    "client/hostile/content-lies.ts",
    "evidence by a certificate for TLS servers",
  ],
  [
    "an older manifest",
    "METADATA_ROLLBACK",
    "client/hostile/metadata-lies.ts",
    "rollback of the feed inside a fresh snapshot",
  ],
  [
    "an older manifest after a rotation",
    "MANIFEST_ROLLBACK",
    "client/hostile/metadata-lies.ts",
    "an older manifest, after a rotation that forgot all versions",
  ],
  ["an expired timestamp", "METADATA_EXPIRED", "client/hostile/metadata-lies.ts", "an expired timestamp"],
  // Around both.
  [
    "no space left while applying",
    "STORE_FULL",
    "faults/endpoint-disk.test.ts",
    "says so while it applies, keeps its database, and loses nothing",
  ],
  ["no space left at any point", "STORE_FULL", "client/robustness.test.ts", "STORE_FULL"],
  [
    "two clients on one state folder",
    "STATE_LOCKED",
    "faults/endpoint-disk.test.ts",
    "the second is told STATE_LOCKED",
  ],
  [
    "the HSM gone before the signature",
    "SIGNER_UNAVAILABLE",
    "faults/hsm-gone.test.ts",
    "is gone before the manifest is signed waits",
  ],
  [
    "the HSM gone before the seal",
    "SIGNER_UNAVAILABLE",
    "faults/hsm-gone.test.ts",
    "is gone before the seal waits",
  ],
  ["a wrong PIN", "SIGNER_PIN", "faults/hsm-gone.test.ts", "is tried once at the start, and named"],
  [
    "no time-stamp authority",
    "TSA_UNAVAILABLE",
    "faults/service-world.test.ts",
    "that are all down make the release wait, visibly",
  ],
];

it.each(rows)("%s gets %s", (_item, code, file, title) => {
  const test = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  expect(test).toContain(title);
  expect(test).toContain(code);
  expect(Object.keys(errorTable)).toContain(code);
});
