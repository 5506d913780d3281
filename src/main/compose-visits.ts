/** Visits of auditors: a rebuild on the spot, and the protocol: fetched, kept, and judged by the two keys that an auditor pinned. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { systemClock } from "../adapters/clock/system.js";
import { openDesk } from "../adapters/desk/http.js";
import { auditRelease, databaseFact } from "../audit/audit-release.js";
import { auditVisit } from "../audit/audit-visit.js";
import type { AuditReport } from "../audit/report.js";
import type { VisitEndOptions, VisitRebuildOptions, VisitTrust } from "../cli/access-doors.js";
import type { VisitRebuildOrder } from "../cli/api-client.js";
import type { Progress, Report } from "../cli/doors.js";
import { releaseNumber } from "../core/brands.js";
import { answering, withTree, withWorkshop } from "./compose-audit.js";
import { clientOf, demandOf } from "./compose-access-audit.js";
import { readPublicKey } from "./compose-key-tools.js";

const explanationMax = 2000;

/** SPEC §13.5.3: the whole audit of the release with its sources compiled again, on this machine; the result goes to the service. */
export async function rebuildInVisit(options: VisitRebuildOptions, progress: Progress): Promise<Report> {
  const { call, id, root, feed, release, report } = options;
  const { server, token, said } = call;
  const reason = said.reason ?? `rebuild of release ${release} of ${feed}`;
  const archive = openDesk({ server, token, reason, visit: id });
  const client = clientOf({ ...call, said: { reason, visit: id } });
  return answering(report, () =>
    withWorkshop(archive, (workshop) =>
      withTree({ url: server, root, feed, report: [] }, progress, async (tree) => {
        const audited = await auditRelease({
          ...{ ...tree, workshop, rebuild: true },
          release: releaseNumber(release),
        });
        const { entry } = await client.addVisitRebuild(id, orderOf(audited, feed, release));
        const noted = { label: "In the protocol", value: `visit ${id}, entry ${entry ?? "none"}` };
        return { ...audited, facts: [...audited.facts, noted] };
      }),
    ),
  );
}

function orderOf(
  { steps, facts, verdict, conclusion }: AuditReport,
  feed: string,
  release: number,
): VisitRebuildOrder {
  const failed = steps.find(({ result }) => result === "refused");
  if (verdict === "refused") {
    const explanation = `${failed?.title}: ${failed?.evidence.join("; ")}`.slice(0, explanationMax);
    return { feed, release, result: "FAILED", explanation, ...(failed?.code && { code: failed.code }) };
  }
  const digest = facts.find(({ label }) => label === databaseFact)?.value;
  return { feed, release, result: "PASSED", explanation: conclusion, ...(digest && { digest }) };
}

export async function endVisit({ call, id, out, ...trust }: VisitEndOptions): Promise<Report> {
  const envelope = await clientOf({ ...call, said: { ...call.said, visit: id } }).endVisit(id);
  writeFileSync(out, envelope, { mode: 0o600 });
  return verifyVisit({ ...trust, file: out });
}

export async function verifyVisit(options: VisitTrust & { readonly file: string }): Promise<Report> {
  const { file, visitsKey, report, ...trust } = options;
  return answering(report, async () => {
    const question = { name: basename(file), envelope: new Uint8Array(readFileSync(file)) };
    const pinned = { visitsKey: readPublicKey(visitsKey), demand: demandOf(trust) };
    return (await auditVisit({ ...question, ...pinned, now: systemClock.now() })).report;
  });
}
