/**
 * SPEC §2.2 and §2.3: the list of a release's sources, as the service hands it out, held against the digests in a manifest; then every
 * file, held against the list.
 */
import { hexText } from "../encoding/bytes.js";
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { sha256 } from "../encoding/sha256.js";
import { VerificationError, quote } from "../errors.js";
import { type ReferenceRevision, referenceSections } from "./compile.js";
import { type ReferenceDatabase, type ReferenceSection, writeDatabase } from "./database.js";
import { referenceLanguages } from "./languages.js";
import { type ReferenceFile, referenceKinds } from "./model.js";

/** What a manifest says of the sources. */
export interface SourceDigests {
  readonly sourceTreeSha256: string;
  readonly approvalsSha256: string;
}

export type ReadSource = (sha256: string, bytes: number) => Promise<Uint8Array>;

export interface ReferenceBuild {
  readonly sections: readonly ReferenceSection[];
  readonly database: ReferenceDatabase;
}

/**
 * @param digests undefined for an older release, whose manifest was judged before
 * @throws VerificationError ASSAY_MISMATCH, RULES_INVALID, RULE_CONFLICT, JSON_MALFORMED, TEXT_NOT_UTF8, ENCODING_MALFORMED
 */
export async function buildByReference(
  document: Uint8Array,
  digests: SourceDigests | undefined,
  read: ReadSource,
): Promise<ReferenceBuild> {
  const revisions = listOf(member(parseJSON(document), "sources").revisions, "revisions").map((one) =>
    member(one, "a revision"),
  );
  revisions.sort((a, b) => (text(a, "ruleset") < text(b, "ruleset") ? -1 : 1));
  if (digests !== undefined) await requireDigests(revisions, digests);
  const given: ReferenceRevision[] = [];
  for (const revision of revisions) given.push(await readRevision(revision, read));
  const sections = referenceSections(given);
  return { sections, database: await writeDatabase(sections) };
}

/** SPEC §2.3.1, §2.3.2; and §2.2.1, §2.2.3 for each revision. */
async function requireDigests(revisions: readonly JSONObject[], digests: SourceDigests): Promise<void> {
  const contents = revisions.map(contentOf);
  const approvals = revisions.map(({ ruleset, submission, digest, author, approvedBy, approvedAt }) => {
    return { ruleset, submission, digest, author, approvedBy, approvedAt };
  });
  await requireDigest({ schema: 1, revisions: contents }, digests.sourceTreeSha256, "the source tree");
  await requireDigest({ schema: 1, approvals }, digests.approvalsSha256, "the approvals");
  for (const [i, revision] of revisions.entries()) {
    await requireDigest(contents[i], text(revision, "digest"), "a revision");
    if (revision.author === revision.approvedBy) throw mismatch("two people behind a revision", "one");
  }
}

async function requireDigest(value: unknown, expected: string, what: string): Promise<void> {
  const digest = hexText(await sha256(encodeCanonicalJSON(value)));
  if (digest !== expected) throw mismatch(`${what} ${expected}`, digest);
}

/** SPEC §2.2.1: what an approval binds. */
function contentOf({ files, kind, leaveOutInvalid, leftOut, ruleset }: JSONObject) {
  const byPath = (a: JSONObject, b: JSONObject) =>
    text(a, "path") < text(b, "path")
      ? -1
      : text(a, "path") > text(b, "path")
        ? 1
        : Number(a.line ?? 0) - Number(b.line ?? 0);
  const sorted = (list: JSONValue | undefined, what: string) =>
    listOf(list, what)
      .map((one) => member(one, what))
      .sort(byPath);
  return {
    files: sorted(files, "files").map(({ bytes, path, sha256: digest }) => ({ bytes, path, sha256: digest })),
    kind,
    leaveOutInvalid,
    leftOut: sorted(leftOut, "leftOut").map(({ line, path }) => ({ line, path })),
    ruleset,
  };
}

async function readRevision(revision: JSONObject, read: ReadSource): Promise<ReferenceRevision> {
  const kind = referenceKinds.find((one) => one === revision.kind);
  if (kind === undefined) throw mismatch("a kind of rules", JSON.stringify(revision.kind));
  const ruleset = text(revision, "ruleset");
  const { files: listed, leftOut } = contentOf(revision);
  const files: ReferenceFile[] = [];
  for (const file of listed) {
    const path = `${ruleset}/${file.path}`;
    if (!referenceLanguages[kind].accepts(path)) continue;
    const [digest, length] = [String(file.sha256), Number(file.bytes)];
    const bytes = await read(digest, length);
    if (bytes.length !== length || hexText(await sha256(bytes)) !== digest)
      throw mismatch(quote(path), "other bytes");
    files.push({ path, bytes });
  }
  const dropped = leftOut.map(({ path, line }) => ({ path: String(path), line: Number(line) }));
  return { ruleset, kind, leaveOutInvalid: revision.leaveOutInvalid === true, leftOut: dropped, files };
}

function member(value: JSONValue | undefined, what: string): JSONObject {
  if (!isJSONObject(value)) throw mismatch(what, "another value");
  return value;
}

function listOf(value: JSONValue | undefined, what: string): readonly JSONValue[] {
  if (!Array.isArray(value)) throw mismatch(what, "another value");
  return value;
}

function text(object: JSONObject, name: string): string {
  const value = object[name];
  if (typeof value !== "string") throw mismatch(name, "another value");
  return value;
}

function mismatch(expected: string, got: string): VerificationError {
  return new VerificationError("ASSAY_MISMATCH", `expected ${expected}, got ${got}`);
}
