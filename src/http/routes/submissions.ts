/** Tag `submissions` of openapi.yaml. */
import type { Request, Response, Router } from "express";
import { sha256Hex } from "../../core/brands.js";
import { UsageError, VerificationError } from "../../core/errors.js";
import type { RuleKind } from "../../core/rules/model.js";
import type { ServiceContext } from "../../services/context.js";
import type { SubmissionRecord } from "../../services/model.js";
import { commentSubmission, listComments } from "../../services/comment-submission.js";
import { diffSubmission } from "../../services/diff-submission.js";
import { openDraft } from "../../services/open-draft.js";
import { listSubmissions, showSubmission, versionOf } from "../../services/read-submissions.js";
import { type Review, reviewSubmission } from "../../services/review-submission.js";
import { submissionLimits } from "../../services/submission-limits.js";
import { submitRules } from "../../services/submit-rules.js";
import { withdrawSubmission } from "../../services/withdraw-submission.js";
import { identityOf } from "../authenticate.js";
import { answerChanged, answerMade, isDryRun, stageOf } from "../dry-run.js";
import { callerHas, seenVersion } from "../entity-tag.js";
import { letCallerFinish } from "../let-caller-finish.js";
import { recordMade } from "../record-access.js";
import { readTar } from "../tar-reader.js";
import { pageOf, place } from "../page-of.js";
import { newRoutes } from "./routes.js";
import { submissionView } from "./submission-view.js";

/** As the contract's validator leaves them: defaults filled in, numbers and booleans made. */
interface CreateQuery {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly message?: string;
  readonly leaveOutInvalid: boolean;
}

interface NewQuery extends CreateQuery {
  readonly dryRun: boolean;
  readonly draft: boolean;
  readonly patch: boolean;
  readonly delete?: readonly string[];
  readonly replaces?: string;
  readonly licence?: string;
  readonly source?: string;
}

interface ListQuery {
  readonly kind?: RuleKind;
  readonly author?: string;
  readonly state?: SubmissionRecord["state"];
  readonly ruleset?: string;
  readonly after?: string;
  readonly limit: number;
}

export function submissionRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.post("/v1/submissions", async (request, response) => {
    refuseEncoding(request);
    letCallerFinish(request, response);
    const { message = "", delete: deletes, dryRun, ...query } = request.query as unknown as NewQuery;
    // The stream stays open when reading stops early: the refusal goes back over the same connection.
    const files = readTar(request.iterator({ destroyOnReturn: false }), submissionLimits(context.settings));
    const order = { ...query, message, deletes, files };
    const record = await submitRules(stageOf(context, request), identityOf(response), order);
    const path = `/v1/submissions/${record.id}`;
    if (record.state === "refused") {
      if (dryRun) throw refused(record, {});
      await recordMade(context, response, path);
      response.location(path);
      throw refused(record, { submission: record.id });
    }
    const body = submissionView(context, record);
    await answerMade(context, request, response, { status: 201, path, body });
  });
  routes.get("/v1/submissions", async (request, response) => {
    const query = request.query as unknown as ListQuery;
    response.json(await listSubmissions(context, identityOf(response), query));
  });
  routes.get("/v1/submissions/:id", async (request, response) => {
    const record = await showSubmission(context, identityOf(response), request.params.id);
    const tag = `"${await versionOf(context, record.id)}"`;
    response.set("ETag", tag);
    if (callerHas(request, tag)) response.status(304).end();
    else response.json(submissionView(context, record));
  });
  const decisions = { approval: "approve", rejection: "reject", "emergency-approval": "emergency" } as const;
  for (const [path, decision] of Object.entries(decisions)) {
    routes.post(`/v1/submissions/:id/${path}`, (request, response) =>
      review(context, request, response, decision),
    );
  }
  addAuthorsRoutes(routes, context);
  return routes;
}

function addAuthorsRoutes(routes: Router, context: ServiceContext): void {
  routes.post("/v1/submissions/:id/opening", async (request, response) => {
    const stage = stageOf(context, request);
    const opened = await openDraft(stage, identityOf(response), request.params.id, seenVersion(request));
    answerChanged(request, response, submissionView(context, opened));
  });
  routes.post("/v1/submissions/:id/withdrawal", async (request, response) => {
    const { reason = "" } = request.body as { reason?: string };
    const withdrawal = { submission: request.params.id, reason, version: seenVersion(request) };
    const stage = stageOf(context, request);
    const withdrawn = await withdrawSubmission(stage, identityOf(response), withdrawal);
    answerChanged(request, response, submissionView(context, withdrawn));
  });
  routes.get("/v1/submissions/:id/comments", async (request, response) => {
    const comments = await listComments(context, identityOf(response), request.params.id);
    response.json(pageOf(request, comments, place));
  });
  routes.post("/v1/submissions/:id/comments", async (request, response) => {
    const comment = request.body as { text: string; path?: string; line?: number };
    const about = { submission: request.params.id, ...comment };
    const made = await commentSubmission(stageOf(context, request), identityOf(response), about);
    answerChanged(request, response.status(isDryRun(request) ? 200 : 201), made);
  });
  routes.get("/v1/submissions/:id/diff", async (request, response) => {
    const { against } = request.query as { against?: string };
    const question = { submission: request.params.id, against };
    response.json(await diffSubmission(context, identityOf(response), question));
  });
}

async function review(
  context: ServiceContext,
  request: Request<{ id: string }>,
  response: Response,
  decision: Review["decision"],
): Promise<void> {
  const { digest, reason } = request.body as { digest: string; reason?: string };
  const wanted = {
    submission: request.params.id,
    decision,
    digest: sha256Hex(digest),
    reason,
    version: seenVersion(request),
  };
  const reviewed = await reviewSubmission(stageOf(context, request), identityOf(response), wanted);
  answerChanged(request, response, submissionView(context, reviewed));
}

function refused(record: SubmissionRecord, kept: { readonly submission?: string }): VerificationError {
  const errors = record.findings.filter((finding) => finding.severity === "error").length;
  const message = record.leaveOutInvalid
    ? "expected at least one rule without errors, got none"
    : `expected rules without errors, got ${errors === 1 ? "1 error" : `${errors} errors`}`;
  const details = { ...kept, findings: record.findings };
  return new VerificationError("RULES_INVALID", message, { details });
}

/** A compressed body would be unpacked by nobody, or by somebody without a limit. */
function refuseEncoding(request: Request): void {
  const encoding = request.get("Content-Encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return;
  throw new UsageError(
    "MEDIA_TYPE_REFUSED",
    `expected a body without Content-Encoding, got ${JSON.stringify(encoding)}`,
  );
}
