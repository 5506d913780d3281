/** An overseer's verdict for a person. */
import type { AssayVerdict } from "../assay/model.js";
import type { VouchedMap } from "../assay/source-map.js";
import type { RebuilderStatus } from "../assay/status.js";
import type { WatchReport } from "../assay/watch.js";
import type { RebuildVerdict, Release } from "./api-client.js";
import { formatFacts, formatTable, formatTime } from "./figures.js";

export function describeAssay(verdict: AssayVerdict): string {
  const { feed, release, result, explanation, checks } = verdict;
  if (result === "FAILED") {
    return `FAILED: release ${release} of ${feed} is not what its sources give. Not signed.\n${explanation}`;
  }
  const lines = checks.map((check) => `  ${check}`).join("\n");
  return `PASSED: release ${release} of ${feed} was rebuilt here from its sources, and signed.\n${lines}`;
}

export function describeSourceMap({ feed, release, sha256, bytes }: VouchedMap): string {
  const what = `the source map of release ${release} of ${feed} was made here from its sources`;
  return `SIGNED: ${what}, ${bytes} bytes, and is the one that the service hands out.\nSHA-256 ${sha256}`;
}

export function describeWatch({ verdicts, maps, failures }: WatchReport): string {
  const judged = verdicts.map(({ result, feed, release }) => `${result} ${feed} ${release}`);
  const failed = failures.map(({ feed, code, message }) => `could not judge ${feed}: ${code}: ${message}`);
  const mapped = maps.map(({ feed, release }) => `SIGNED the source map of ${feed} ${release}`);
  const lines = [...judged, ...mapped, ...failed];
  return lines.length === 0 ? "nothing waits" : lines.join("\n");
}

interface VerdictList extends Pick<Release, "feed" | "release" | "state"> {
  /** What the overseer told the service. */
  readonly answers: Release["verdicts"];
  /** What everybody who rebuilt signed for the world. */
  readonly verdicts: readonly RebuildVerdict[];
}

export function describeVerdicts({ feed, release, state, answers, verdicts }: VerdictList): string {
  const title = `release ${release} of ${feed}, ${state}`;
  if (verdicts.length + answers.length === 0) return `${title}: nobody has rebuilt it yet`;
  const rows = verdicts.map(({ result, by, at, keySha256, explanation }) => [
    ...[result, by, formatTime(at), `rulemint:key/${keySha256}`, explanation],
  ]);
  const signed = formatTable(["verdict", "from", "at", "key", "what it found"], rows);
  const said = answers.map(
    ({ result, by, at, explanation }) => `answer of ${by}, ${formatTime(at)}: ${result}: ${explanation}`,
  );
  return [title, ...(rows.length === 0 ? ["no signed verdict"] : [signed]), ...said].join("\n");
}

export function describeRebuilder(status: RebuilderStatus & { readonly running: boolean }): string {
  const { party, key, server, running, lastAnswerAt, failures, signed, passed, failed, verdicts } = status;
  const facts = formatFacts([
    ["party", `${party}, ${key}`],
    ["publisher", server],
    ["at work", running ? "yes" : "no"],
    ["as of", formatTime(status.at)],
    ["last answer", lastAnswerAt === null ? "none yet" : formatTime(lastAnswerAt)],
    ["compilers", status.compilers.join(", ")],
    ["manifests signed", String(signed)],
    ["verdicts", `${passed} PASSED, ${failed} FAILED`],
  ]);
  const said = verdicts.map(
    ({ result, feed, release, at, explanation }) =>
      `${result} ${feed} ${release}, ${formatTime(at)}${result === "FAILED" ? `: ${explanation}` : ""}`,
  );
  const stopped = failures.map(({ feed, code, message }) => `cannot judge ${feed}: ${code}: ${message}`);
  return [facts, ...stopped, ...said].join("\n");
}
