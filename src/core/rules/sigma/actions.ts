/**
 * Files of several documents. `action: global` is a part shared by the documents after it, `action: repeat` the document
 * before with changes, `action: reset` the end of what is shared. What is left are rules that stand alone.
 */
import { quote } from "../../errors.js";
import type { FindingList } from "../source-text.js";
import { type MapNode, type Node, overlay, childOf, without } from "./tree.js";

export function expandActions(documents: readonly Node[], findings: FindingList): MapNode[] {
  let shared: MapNode | undefined;
  let previous: MapNode | undefined;
  const rules: MapNode[] = [];
  for (const document of documents) {
    if (document.kind !== "map") {
      findings.error(document.offset, "SIGMA_DOCUMENT", `expected a mapping as rule, got a ${document.kind}`);
      continue;
    }
    const action = childOf(document, "action");
    const own = without(document, "action");
    const name = action?.kind === "scalar" ? action.text : action?.kind;
    if (name === "global") shared = shared === undefined ? own : overlay(shared, own);
    else if (name === "reset") shared = previous = undefined;
    else if (name === "repeat" && previous !== undefined) {
      previous = overlay(previous, own);
      rules.push(previous);
    } else if (name === undefined) {
      previous = shared === undefined ? own : overlay(shared, own);
      rules.push(previous);
    } else {
      const got = name === "repeat" ? "repeat before any rule" : quote(name);
      findings.error(
        action?.offset ?? document.offset,
        "SIGMA_ACTION",
        `expected global, repeat or reset, got ${got}`,
      );
    }
  }
  return rules;
}
