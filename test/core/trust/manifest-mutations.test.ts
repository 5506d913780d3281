/** No malleability: whatever is changed in a manifest that two keys signed, no release comes of it. The seed is fixed. */
import { beforeAll, describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { formatManifest } from "../../../src/core/release/manifest.js";
import { parseEnvelope, parseTargets } from "../../../src/core/trust/metadata.js";
import { requireThreshold } from "../../../src/core/trust/threshold.js";
import { verifyRelease } from "../../../src/core/trust/verify-release.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { testSigner } from "../../simulator/test-signer.js";
import { byteChanges, jsonChanges, mutantCount, rememberSignatures, sweep } from "../../support/mutants.js";
import { createPublisher } from "../pki/publisher.js";
import { feed, now } from "./repository.js";
import { sampleManifest } from "./sample-manifest.js";

const [key, overseer] = [await testSigner("ecdsa-p256-sha256"), await testSigner()];
const publisher = await createPublisher(key, now);
const keys = new Map([key, overseer].map((signer) => [signer.keyid, signer.key]));
const good = await signMetadata(formatManifest(sampleManifest()), [key, overseer]);
const other = await signMetadata(formatManifest(sampleManifest({ expires: "2027-02-01T00:00:00Z" })), [
  key,
  overseer,
]);
const cms = await publisher.sign(good);

/** "accepted", or the code of the refusal. Any other exception is thrown on. */
async function verdict(bytes: Uint8Array): Promise<string> {
  try {
    const envelope = parseEnvelope(bytes, "targets");
    const signers = await requireThreshold(envelope, { threshold: 2, keys }, feed);
    const proven = { feed, envelope, metadata: parseTargets(envelope.signed), signers };
    await verifyRelease({ proven, cms, policy: publisher.policy, now, client: "0.1.0" });
    return "accepted";
  } catch (cause) {
    if (cause instanceof RulemintError) return cause.code;
    throw cause;
  }
}

beforeAll(() => rememberSignatures());

describe("a changed manifest is refused", () => {
  it("(unchanged, it is accepted)", async () => {
    expect(await verdict(good)).toBe("accepted");
  });

  it("whatever is changed in it, with a typed error, in less than 200 ms", async () => {
    const found = await sweep("manifest", good, [...byteChanges(other), ...jsonChanges], verdict, 3);
    expect(found.accepted).toEqual([]);
    expect(found.tried).toBe(mutantCount("manifest"));
    expect(found.slowestMs).toBeLessThan(200);
  });
});
