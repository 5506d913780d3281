import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Root } from "../../../src/core/trust/metadata.js";
import { parsePolicy, policyInForce } from "../../../src/core/trust/policy.js";
import { TestLog, testLogPolicy } from "../../support/log-world.js";

const pem = readFileSync(new URL("../../../keys-dev/code-signing-root.crt.pem", import.meta.url), "utf8");
const sound = { schema: 1, country: "CH", codeSigningAnchors: [pem], timeStampingAnchors: [pem] };
const uid = "NTRCH-CHE-109.357.012";
const seal = { profile: "regulated-seal", organizationIdentifier: uid, sealPolicies: ["2.16.756.1.89"] };
const logPolicy = testLogPolicy(new TestLog().log);
const bytes = (policy: object) => new TextEncoder().encode(JSON.stringify(policy));

describe("a signature policy", () => {
  it("is read", () => {
    expect(parsePolicy(bytes({ ...sound, organization: "Example AG" }))).toMatchObject({
      organization: "Example AG",
    });
  });

  it("is read with the profile of seals", () => {
    const whole = { ...sound, ...seal, sealPurposes: ["1.3.6.1.5.5.7.3.36"] };
    expect(parsePolicy(bytes(whole))).toEqual(whole);
  });

  it.each([
    ["SPEC §5.5.2 without an anchor for code signing", { codeSigningAnchors: [] }],
    ["SPEC §5.5.2 without an anchor for time-stamping", { timeStampingAnchors: [] }],
    ["SPEC §5.5.2 without a list of anchors", { codeSigningAnchors: undefined }],
    ["with a profile that does not exist", { profile: "seal" }],
    [
      "SPEC §5.5.9 for seals without their policies",
      { profile: "regulated-seal", organizationIdentifier: uid },
    ],
    ["for seals with an empty list", { ...seal, sealPolicies: [] }],
    ["for seals with a policy that is no identifier", { ...seal, sealPolicies: ["2.16.756.1."] }],
    ["for seals with a purpose that is no identifier", { ...seal, sealPurposes: ["anything"] }],
    ["for code signing with policies for seals", { ...seal, profile: "code-signing" }],
    ["for code signing with purposes for seals", { sealPurposes: ["1.2.3"] }],
    ["of another country", { country: "LI" }],
    ["of a later schema", { schema: 2 }],
    ["SPEC §5.5.6 with a log and no text", { log: {} }],
    ["SPEC §5.5.6 with a log in another word", { log: "not-required" }],
    ["SPEC §5.5.6 with cosignatures of no age", { log: { policy: logPolicy, cosignatureHoursMax: 0 } }],
  ])("is refused %s", (_rule, change) => {
    expect(() => parsePolicy(bytes({ ...sound, ...change }))).toThrowError(
      expect.objectContaining({ code: "METADATA_MALFORMED" }),
    );
  });

  it("SPEC §5.5.9 is refused for seals of nobody in particular", () => {
    const nobody = { profile: "regulated-seal", sealPolicies: ["2.16.756.1.89"] };
    expect(() => parsePolicy(bytes({ ...sound, ...nobody }))).toThrowError(
      expect.objectContaining({
        code: "SWISS_POLICY",
        message: expect.stringContaining("organizationIdentifier"),
      }),
    );
  });

  it("SPEC §5.5.6 is refused with a log policy that cannot be read", () => {
    expect(() => parsePolicy(bytes({ ...sound, log: { policy: "quorum none" } }))).toThrowError(
      expect.objectContaining({ code: "LOG_POLICY_MALFORMED" }),
    );
  });
});

describe("SPEC §5.5.7 the log that a customer asks for", () => {
  const demand = { policy: logPolicy, cosignatureHoursMax: 24 };
  const root = (log?: unknown) =>
    ({
      extension: { schema: 1, policy: { ...sound, ...(log !== undefined && { log }) } },
    }) as unknown as Root;
  const own = (log?: unknown) =>
    parsePolicy(bytes({ ...sound, organization: "Ours", ...(log !== undefined && { log }) }));

  it("is the root's, where the own policy does not speak of one", () => {
    expect(policyInForce(root(demand), undefined)?.log).toEqual(demand);
    expect(policyInForce(root(demand), own())).toMatchObject({ organization: "Ours", log: demand });
    expect(policyInForce(root(), own())?.log).toBeUndefined();
  });

  it("is the own one, where there is one, stricter or waived in so many words", () => {
    const stricter = { policy: logPolicy, cosignatureHoursMax: 1 };
    expect(policyInForce(root(demand), own(stricter))?.log).toEqual(stricter);
    expect(policyInForce(root(demand), own("not-required-unsafe"))?.log).toBe("not-required-unsafe");
  });
});
