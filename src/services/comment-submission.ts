/** What people say about a submission, in the order in which they said it. Nothing is ever changed or taken away. */
import { quote, UsageError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { timeText, untilCommitted } from "./documents.js";
import type { CommentRecord, Identity } from "./model.js";
import { showSubmission } from "./read-submissions.js";

export interface NewComment {
  readonly submission: string;
  readonly text: string;
  /** About a file of the submission, or a line of it. */
  readonly path?: string;
  readonly line?: number;
}

type CommentContext = Pick<ServiceContext, "records" | "objects" | "clock">;

const commentsMax = 9999;

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND, REQUEST_INVALID */
export async function commentSubmission(
  context: CommentContext,
  identity: Identity,
  { submission: id, text, path, line }: NewComment,
): Promise<CommentRecord> {
  const submission = await showSubmission(context, identity, id);
  if (path !== undefined && !submission.files.some((file) => file.path === path)) {
    throw new UsageError("REQUEST_INVALID", `expected a file of ${id}, got ${quote(path)}`);
  }
  if (line !== undefined && path === undefined) {
    throw new UsageError("REQUEST_INVALID", "expected a path with the line, got none");
  }
  const at = timeText(context.clock.now());
  const body: CommentRecord = {
    submission: id,
    by: identity.name,
    at,
    text,
    path: path ?? null,
    line: line ?? null,
  };
  return untilCommitted(async () => {
    const [last] = await context.records.list("comments", { prefix: `${id}/`, descending: true, limit: 1 });
    const number = last === undefined ? 1 : Number(last.id.slice(-4)) + 1;
    if (number > commentsMax) {
      throw new UsageError("REQUEST_INVALID", `expected at most ${commentsMax} comments, got more`);
    }
    const key = `${id}/${String(number).padStart(4, "0")}`;
    await context.records.commit([{ collection: "comments", id: key, expected: 0, body }]);
    return body;
  });
}

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function listComments(
  context: CommentContext,
  identity: Identity,
  id: string,
): Promise<CommentRecord[]> {
  await showSubmission(context, identity, id);
  const found = await context.records.list<CommentRecord>("comments", { prefix: `${id}/` });
  return found.map(({ body }) => body);
}
