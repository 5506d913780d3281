/** Evidence bundles as files: written whole or not at all, and read without a network. */
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { systemClock } from "../adapters/clock/system.js";
import { discardTemporary, openTemporary, replaceFile, storeError } from "../adapters/durable-files.js";
import { openFile } from "../adapters/open-file.js";
import { openHTTPFetcher } from "../adapters/fetcher/http.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import type { Workshop } from "../audit/audit-content.js";
import { collectBundle } from "../audit/bundle/collect.js";
import { publicMember } from "../audit/bundle/layout.js";
import { type BundleQuestion, verifyBundle } from "../audit/bundle/verify.js";
import { writeBundle } from "../audit/bundle/write.js";
import { fetchedFiles } from "../audit/fetch-file.js";
import type { AuditReport } from "../audit/report.js";
import type { AuditExportOptions, AuditVerifyOptions } from "../cli/audit-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { feedName, releaseNumber } from "../core/brands.js";
import { UsageError, quote } from "../core/errors.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { parsePolicy } from "../core/trust/policy.js";
import { answering, auditorDesk, stepLine, withWorkshop } from "./compose-audit.js";
import { readInput } from "./compose-endpoint.js";

/** The same file beside `src` and beside `dist`. */
const verifyPage = () => readFileSync(new URL("../../docs/VERIFY.md", import.meta.url), "utf8");

/** SPEC §14.3.5: a bundle that its own first root does not prove is no bundle. It is judged before it gets its name. */
export function exportBundleTo(options: AuditExportOptions, progress: Progress): Promise<Report> {
  const { url, token } = options;
  const archive = auditorDesk(url, token, `audit export of release ${options.release} of ${options.feed}`);
  return answering(options.report, () =>
    withWorkshop(archive, (workshop) => writeAndVerify(options, workshop, progress)),
  );
}

async function writeAndVerify(
  options: AuditExportOptions,
  workshop: Workshop,
  progress: Progress,
): Promise<AuditReport> {
  const out = resolve(options.out);
  const since = options.since === undefined ? undefined : readInput(options.since);
  const fetcher = openHTTPFetcher();
  const temporary = await openTemporary(dirname(out));
  try {
    const members = await collectBundle({
      ...{ files: fetchedFiles(fetcher, options.url), feed: feedName(options.feed), workshop },
      ...(since && { since }),
      ...{ release: releaseNumber(options.release), now: systemClock.now(), verifyPage: verifyPage() },
    });
    progress(`${members.length} files are known; writing`);
    await writeBundle(members, {
      write: async (bytes) => {
        await temporary.handle.writeFile(bytes).catch((cause: unknown) => {
          throw storeError(cause, `writing ${quote(out)}`);
        });
      },
    });
    const first = members.find(({ path }) => path === publicMember(metadataPath("root", 1)));
    const root = (await first?.read()) ?? new Uint8Array();
    const report = await judge(
      temporary.path,
      { name: basename(out), root, rebuild: false, ...(since && { since }) },
      workshop,
      progress,
    );
    if (report.verdict === "proven") await replaceFile(temporary, out);
    return { ...report, kind: "export" };
  } finally {
    await discardTemporary(temporary);
    await fetcher.close();
  }
}

export function verifyBundleFile(options: AuditVerifyOptions, progress: Progress): Promise<Report> {
  const { bundle, policy, at, rebuild } = options;
  const question = {
    ...{ name: basename(bundle), root: readInput(options.root), rebuild },
    ...(policy !== undefined && { policy: parsePolicy(readInput(policy)) }),
    ...(at !== undefined && { at: new Date(at) }),
    ...(options.since !== undefined && { since: readInput(options.since) }),
  };
  return answering(options.report, () =>
    withWorkshop(undefined, (workshop) => judge(resolve(bundle), question, workshop, progress)),
  );
}

async function judge(
  path: string,
  question: Pick<BundleQuestion, "name" | "root" | "policy" | "at" | "rebuild" | "since">,
  workshop: Workshop,
  progress: Progress,
): Promise<AuditReport> {
  const source = await openFile(path);
  if (source === undefined) throw new UsageError("USAGE", `expected a bundle at ${quote(path)}, got no file`);
  try {
    return await verifyBundle({
      ...{ ...question, source, now: systemClock.now(), workshop, verifyPage: verifyPage() },
      ...{ postQuantum: nobleVerifier, onStep: stepLine(progress) },
    });
  } finally {
    await source.close();
  }
}
