import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../../src/core/trust/policy.js";

const pem = readFileSync(new URL("../../../keys-dev/code-signing-root.crt.pem", import.meta.url), "utf8");
const sound = { schema: 1, country: "CH", codeSigningAnchors: [pem], timeStampingAnchors: [pem] };
const bytes = (policy: object) => new TextEncoder().encode(JSON.stringify(policy));

describe("a signature policy", () => {
  it("is read", () => {
    expect(parsePolicy(bytes({ ...sound, organization: "Example AG" }))).toMatchObject({
      organization: "Example AG",
    });
  });

  it.each([
    ["SPEC §5.5.2 without an anchor for code signing", { codeSigningAnchors: [] }],
    ["SPEC §5.5.2 without an anchor for time-stamping", { timeStampingAnchors: [] }],
    ["SPEC §5.5.2 without a list of anchors", { codeSigningAnchors: undefined }],
    ["of another country", { country: "LI" }],
    ["of a later schema", { schema: 2 }],
  ])("is refused %s", (_rule, change) => {
    expect(() => parsePolicy(bytes({ ...sound, ...change }))).toThrowError(
      expect.objectContaining({ code: "METADATA_MALFORMED" }),
    );
  });
});
