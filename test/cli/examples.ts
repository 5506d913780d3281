/** Answers of the service, as small as the contract allows. */
import type { Release, Submission } from "../../src/cli/api-client.js";
import { digest } from "./fake-doors.js";

export function submission(changes: Partial<Submission> = {}): Submission {
  return {
    id: "s-000000000001",
    ruleset: "loaders",
    kind: "yara",
    author: "anna",
    message: "two loaders",
    createdAt: "2026-08-22T09:14:00.000Z",
    state: "open",
    digest: digest("a"),
    rules: 2,
    leaveOutInvalid: false,
    decision: null,
    ...{ base: null, patch: false, licence: null, source: null, approvals: [], approvalsNeeded: 1 },
    fileCount: 1,
    bytes: 1234,
    errors: 0,
    warnings: 0,
    files: [{ path: "a.yar", sha256: digest("b"), bytes: 1234 }],
    findings: [],
    leftOut: [],
    ...changes,
  };
}

export function release(changes: Partial<Release> = {}): Release {
  return {
    feed: "endpoint",
    release: 3,
    state: "signed",
    createdAt: "2026-08-22T09:14:00.000Z",
    createdBy: "rita",
    reason: "",
    restores: null,
    previous: 2,
    sourcesSha256: digest("c"),
    sourceTreeSha256: digest("d"),
    compiler: null,
    database: { sha256: digest("e"), bytes: 1_300_000, rules: { yara: 2 } },
    packs: [
      {
        path: "endpoint/3.full.rmp",
        kind: "full",
        from: 0,
        to: 3,
        bytes: 400_000,
        sha256: digest("f"),
        databaseSha256: digest("e"),
        databaseBytes: 1_300_000,
        codec: "zstd-codec/0.1.5",
        cmsSha256: null,
      },
    ],
    manifestSha256: digest("1"),
    manifestCmsSha256: null,
    verdicts: [],
    publication: null,
    waitingFor: null,
    retry: null,
    publishedAt: null,
    ...changes,
  };
}
