/** Tag `submissions` of openapi.yaml. */
import type { Request, Response, Router } from "express";
import { sha256Hex } from "../../core/brands.js";
import { UsageError, VerificationError } from "../../core/errors.js";
import type { RuleKind } from "../../core/rules/model.js";
import type { ServiceContext } from "../../services/context.js";
import type { SubmissionRecord } from "../../services/model.js";
import { listSubmissions, showSubmission, summary } from "../../services/read-submissions.js";
import { reviewSubmission } from "../../services/review-submission.js";
import { submitRules } from "../../services/submit-rules.js";
import { identityOf } from "../authenticate.js";
import { letCallerFinish } from "../let-caller-finish.js";
import { readTar } from "../tar-reader.js";
import { newRoutes } from "./routes.js";

/** As the contract's validator leaves them: defaults filled in, numbers and booleans made. */
interface CreateQuery {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly message?: string;
  readonly leaveOutInvalid: boolean;
}

interface ListQuery {
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
    const { message = "", ...query } = request.query as unknown as CreateQuery;
    // The stream stays open when reading stops early: the refusal goes back over the same connection.
    const files = readTar(request.iterator({ destroyOnReturn: false }));
    const record = await submitRules(context, identityOf(response), { ...query, message, files });
    response.location(`/v1/submissions/${record.id}`);
    if (record.state === "refused") throw refused(record);
    response.status(201).json(view(record));
  });
  routes.get("/v1/submissions", async (request, response) => {
    const query = request.query as unknown as ListQuery;
    response.json(await listSubmissions(context, identityOf(response), query));
  });
  routes.get("/v1/submissions/:id", async (request, response) => {
    response.json(view(await showSubmission(context, identityOf(response), request.params.id)));
  });
  routes.post("/v1/submissions/:id/approval", (request, response) =>
    review(context, request, response, "approve"),
  );
  routes.post("/v1/submissions/:id/rejection", (request, response) =>
    review(context, request, response, "reject"),
  );
  return routes;
}

async function review(
  context: ServiceContext,
  request: Request<{ id: string }>,
  response: Response,
  decision: "approve" | "reject",
): Promise<void> {
  const { digest, reason } = request.body as { digest: string; reason?: string };
  const wanted = { submission: request.params.id, decision, digest: sha256Hex(digest), reason };
  response.json(view(await reviewSubmission(context, identityOf(response), wanted)));
}

function view(record: SubmissionRecord) {
  const { files, findings, leftOut } = record;
  return { ...summary(record), files, findings, leftOut };
}

function refused(record: SubmissionRecord): VerificationError {
  const errors = record.findings.filter((finding) => finding.severity === "error").length;
  const message = record.leaveOutInvalid
    ? "expected at least one rule without errors, got none"
    : `expected rules without errors, got ${errors === 1 ? "1 error" : `${errors} errors`}`;
  const details = { submission: record.id, findings: record.findings };
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
