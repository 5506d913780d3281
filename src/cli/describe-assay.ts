/** An overseer's verdict for a person. */
import type { AssayVerdict } from "../assay/model.js";

export function describeAssay(verdict: AssayVerdict): string {
  const { feed, release, result, explanation, checks } = verdict;
  if (result === "FAILED") {
    return `FAILED: release ${release} of ${feed} is not what its sources give. Not signed.\n${explanation}`;
  }
  const lines = checks.map((check) => `  ${check}`).join("\n");
  return `PASSED: release ${release} of ${feed} was rebuilt here from its sources, and signed.\n${lines}`;
}
