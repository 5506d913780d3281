/**
 * The two canonical lists whose digests stand in a manifest: what was compiled, and who approved it.
 *
 * Both are canonical JSON, so anybody who holds the list can compute the digest again. The first alone
 * determines the database: two releases with the same source tree and compiler have the same database,
 * whoever approved them.
 */
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { sha256Hex } from "../brands.js";
import { VerificationError, quote } from "../errors.js";
import { isRuleKind, type RuleKind } from "../rules/model.js";
import type { FileFacts, LeftOutRule, ReleaseSources, Revision } from "./model.js";

/** What an approval binds (SPEC §2.2.1). The digest of a submission is the SHA-256 of these bytes. */
export interface RevisionContent {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly leaveOutInvalid: boolean;
  readonly leftOut: readonly LeftOutRule[];
  readonly files: readonly FileFacts[];
}

/** SPEC §2.2.1 */
export function formatRevision(revision: RevisionContent): Uint8Array<ArrayBuffer> {
  return encodeCanonicalJSON(content(revision));
}

/** SPEC §2.3.1 */
export function formatSourceTree(sources: ReleaseSources): Uint8Array<ArrayBuffer> {
  return encodeCanonicalJSON({ schema: 1, revisions: inOrder(sources).map(content) });
}

/** SPEC §2.3.2 */
export function formatApprovals(sources: ReleaseSources): Uint8Array<ArrayBuffer> {
  const approvals = inOrder(sources).map(
    ({ ruleset, submission, digest, author, approvedBy, approvedAt }) => ({
      ruleset,
      submission,
      digest,
      author,
      approvedBy,
      approvedAt,
    }),
  );
  return encodeCanonicalJSON({ schema: 1, approvals });
}

/** Both lists in one document, as the service stores it and hands it to the overseer. */
export function formatSources(sources: ReleaseSources): Uint8Array<ArrayBuffer> {
  const revisions = inOrder(sources).map((revision) => ({
    ...content(revision),
    submission: revision.submission,
    digest: revision.digest,
    author: revision.author,
    approvedBy: revision.approvedBy,
    approvedAt: revision.approvedAt,
  }));
  return encodeCanonicalJSON({ schema: 1, revisions });
}

/** @throws VerificationError JSON_MALFORMED, TEXT_NOT_UTF8, MANIFEST_MALFORMED */
export function parseSources(bytes: Uint8Array): ReleaseSources {
  const { schema, revisions } = fields(parseJSON(bytes), "a list of sources");
  if (schema !== 1) throw malformed("sources of schema 1", schema);
  return { schema: 1, revisions: list(revisions, "revisions").map(parseRevision) };
}

function parseRevision(value: JSONValue): Revision {
  const revision = fields(value, "a revision");
  const { kind, leaveOutInvalid } = revision;
  if (!isRuleKind(kind)) throw malformed("a kind of rule", kind);
  if (typeof leaveOutInvalid !== "boolean") throw malformed("leaveOutInvalid", leaveOutInvalid);
  return {
    ruleset: text(revision.ruleset, "ruleset"),
    kind,
    submission: text(revision.submission, "submission"),
    digest: sha256Hex(revision.digest),
    author: text(revision.author, "author"),
    approvedBy: text(revision.approvedBy, "approvedBy"),
    approvedAt: text(revision.approvedAt, "approvedAt"),
    leaveOutInvalid,
    leftOut: list(revision.leftOut, "leftOut").map((entry) => {
      const { path, line } = fields(entry, "a rule left out");
      return { path: text(path, "path"), line: whole(line, "line") };
    }),
    files: list(revision.files, "files").map((entry) => {
      const { path, sha256, bytes } = fields(entry, "a file");
      return { path: text(path, "path"), sha256: sha256Hex(sha256), bytes: whole(bytes, "bytes") };
    }),
  };
}

function content({ ruleset, kind, leaveOutInvalid, leftOut, files }: RevisionContent) {
  const dropped = [...leftOut].sort((a, b) => order(a.path, b.path) || a.line - b.line);
  return {
    ruleset,
    kind,
    leaveOutInvalid,
    leftOut: dropped.map(({ path, line }) => ({ path, line })),
    files: [...files]
      .sort((a, b) => order(a.path, b.path))
      .map(({ path, sha256, bytes }) => ({ path, sha256, bytes })),
  };
}

/** Revisions and their files as they stand in the source tree. */
export function inOrder(sources: ReleaseSources): Revision[] {
  return [...sources.revisions]
    .sort((a, b) => order(a.ruleset, b.ruleset))
    .map((revision) => ({ ...revision, ...content(revision) }));
}

/** By UTF-16 units; the order means nothing, but everybody must have the same. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fields(value: JSONValue | undefined, what: string) {
  if (!isJSONObject(value)) throw malformed(what, value);
  return value;
}

function list(value: JSONValue | undefined, what: string): readonly JSONValue[] {
  if (!Array.isArray(value)) throw malformed(what, value);
  return value;
}

function text(value: JSONValue | undefined, what: string): string {
  if (typeof value !== "string") throw malformed(what, value);
  return value;
}

function whole(value: JSONValue | undefined, what: string): number {
  if (typeof value !== "number" || value < 0) throw malformed(what, value);
  return value;
}

function malformed(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "MANIFEST_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
