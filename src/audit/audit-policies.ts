/** `audit policy`: which customers' endpoints would have accepted a release, each by its own signature policy. */
import type { ReleaseNumber } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import type { ProvenRelease, SignaturePolicy } from "../core/trust/model.js";
import { auditSignature } from "./audit-evidence.js";
import { auditManifest } from "./audit-manifest.js";
import { auditMetadata } from "./audit-metadata.js";
import { type TreeQuestion, noteQuestion } from "./audit-release.js";
import { fetchedFiles } from "./fetch-file.js";
import { drawRelease } from "./history.js";
import { AuditLog, type AuditReport, type TableRow, reported } from "./report.js";

export interface PoliciesQuestion extends TreeQuestion {
  readonly release?: ReleaseNumber;
  readonly policies: readonly { readonly name: string; readonly policy: SignaturePolicy }[];
}

/** The report is proven when every policy accepts the release. */
export async function auditPolicies(question: PoliciesQuestion): Promise<AuditReport> {
  const { feed, at, root, policies, postQuantum } = question;
  const log = new AuditLog(question.onStep);
  await noteQuestion(log, question);
  let release = question.release ?? null;
  const subject = () => ({
    ...{ kind: "policy", feed, release, at },
    subject: `who would have accepted release ${release ?? ""} of feed ${feed}`.replace("  ", " "),
  });
  return reported(
    log,
    async () => {
      const files = fetchedFiles(question.fetcher, question.url);
      const trusted = await auditMetadata(log, files, root, feed, at);
      const { proven } = await auditManifest(log, files, trusted, feed, question.release, { root, at });
      release = proven.metadata.version as ReleaseNumber;
      const rows: TableRow[] = [];
      let first: ProvenRelease | undefined;
      for (const { name, policy } of policies) {
        try {
          const accepted = await auditSignature(log, files, proven, policy, at, postQuantum, `By ${name}`);
          first ??= accepted;
          rows.push({ cells: [name, "accepted", ""], mark: "proven" });
        } catch (error) {
          if (!(error instanceof RulemintError)) throw error;
          rows.push({ cells: [name, error.code, error.message], mark: "refused" });
        }
      }
      const drawn = drawRelease(log, trusted, { proven, release: first }, root);
      log.tables.push({ title: "Policies", columns: ["policy", "answer", "why"], rows });
      log.figure("Policies", rows.length);
      log.figure("Of them accept it", rows.filter(({ mark }) => mark === "proven").length);
      const conclusion = `Every one of ${rows.length} policies accepts release ${release}.`;
      const target = drawn ?? { heading: `Manifest ${release} of ${feed}`, lines: [] };
      return { ...subject(), conclusion, target };
    },
    () => ({ ...subject(), conclusion: "" }),
  );
}
