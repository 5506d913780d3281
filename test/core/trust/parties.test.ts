import { describe, expect, it } from "vitest";
import { feedName } from "../../../src/core/brands.js";
import type { JSONObject } from "../../../src/core/encoding/json.js";
import type { Delegation } from "../../../src/core/trust/metadata.js";
import { parseParties, requireParties } from "../../../src/core/trust/parties.js";
import type { ProvenSigner } from "../../../src/core/trust/threshold.js";

const feed = feedName("endpoint");
const delegation = {
  ...{ name: feed, threshold: 2, terminating: true, paths: [`${feed}/*`] },
  keys: new Map(["old", "new", "overseer"].map((id) => [id, undefined])),
} satisfies Delegation;
const told = (publisher: string[], overseer: string[]): JSONObject => ({
  "x-rulemint": { schema: 1, parties: { [feed]: { publisher, overseer } } },
});
const signedBy = (...ids: string[]) => ids.map((keyid) => ({ keyid })) as ProvenSigner[];

describe("publisher and overseer", () => {
  it("are not told apart where targets do not say", () => {
    expect(parseParties({}, delegation)).toBeUndefined();
    expect(() => requireParties(signedBy("old", "new"), undefined, feed)).not.toThrow();
  });

  it.each([
    ["a key that nobody has", told(["old", "new"], [])],
    ["a key that both have", told(["old", "new"], ["overseer", "new"])],
    ["a key that the delegation does not know", told(["old", "new", "more"], ["overseer"])],
    ["another feed alone", { "x-rulemint": { schema: 1, parties: { other: {} } } } as JSONObject],
  ])("SPEC §5.3.6 refuses %s", (_lie, targets) => {
    const code = "METADATA_MALFORMED";
    expect(() => parseParties(targets, delegation)).toThrowError(expect.objectContaining({ code }));
  });

  it.each([
    [["old", "new"], "overseer"],
    [["overseer"], "publisher"],
  ])("SPEC §5.3.7 refuses %j: no signature of the %s", (ids, absent) => {
    const parties = parseParties(told(["old", "new"], ["overseer"]), delegation);
    expect(() => requireParties(signedBy(...ids), parties, feed)).toThrowError(
      expect.objectContaining({ code: "METADATA_THRESHOLD", message: expect.stringContaining(absent) }),
    );
    expect(() => requireParties(signedBy("new", "overseer"), parties, feed)).not.toThrow();
  });
});
