/**
 * Files of several documents. `action: global` is a part shared by the documents after it, `action: repeat`
 * the document before with changes, `action: reset` the end of what is shared. What is left are rules that
 * stand alone.
 */
import { quote } from "../../errors.js";
import type { FindingList } from "../source-text.js";
import { childOf, countNodes, type MapNode, type Node, overlay, without } from "./tree.js";

/** A large shared part and many small documents must not multiply without end. */
const expandedNodesMax = 1_000_000;

export function expandActions(documents: readonly Node[], findings: FindingList): MapNode[] {
  let shared: MapNode | undefined;
  let previous: MapNode | undefined;
  let expandedNodes = 0;
  const rules: MapNode[] = [];
  for (const document of documents) {
    if (document.kind !== "map") {
      findings.error(document.offset, "SIGMA_DOCUMENT", `expected a mapping as rule, got a ${document.kind}`);
      continue;
    }
    const action = childOf(document, "action");
    const own = without(document, "action");
    const name = action?.kind === "scalar" ? action.text : action?.kind;
    const base = name === "repeat" ? previous : shared;
    if (base !== undefined) expandedNodes += countNodes(base);
    if (expandedNodes > expandedNodesMax) {
      findings.error(document.offset, "SIGMA_ACTION", "expected fewer documents over so large a shared part");
      break;
    }
    if (name === "global") shared = base === undefined ? own : overlay(base, own);
    else if (name === "reset") shared = previous = undefined;
    else if (name === undefined || (name === "repeat" && base !== undefined)) {
      previous = base === undefined ? own : overlay(base, own);
      rules.push(previous);
    } else {
      const got = name === "repeat" ? "repeat before any rule" : quote(name);
      const offset = action?.offset ?? document.offset;
      findings.error(offset, "SIGMA_ACTION", `expected global, repeat or reset, got ${got}`);
    }
  }
  return rules;
}
