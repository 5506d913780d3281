/** An overseer's verdict for a person. */
import type { AssayVerdict } from "../assay/model.js";
import type { WatchReport } from "../assay/watch.js";

export function describeAssay(verdict: AssayVerdict): string {
  const { feed, release, result, explanation, checks } = verdict;
  if (result === "FAILED") {
    return `FAILED: release ${release} of ${feed} is not what its sources give. Not signed.\n${explanation}`;
  }
  const lines = checks.map((check) => `  ${check}`).join("\n");
  return `PASSED: release ${release} of ${feed} was rebuilt here from its sources, and signed.\n${lines}`;
}

export function describeWatch({ verdicts, failures }: WatchReport): string {
  const judged = verdicts.map(({ result, feed, release }) => `${result} ${feed} ${release}`);
  const failed = failures.map(({ feed, code, message }) => `could not judge ${feed}: ${code}: ${message}`);
  const lines = [...judged, ...failed];
  return lines.length === 0 ? "nothing waits" : lines.join("\n");
}
