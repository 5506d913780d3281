/** What `init` makes when it is asked for more: a post-quantum key that root 1 pins, and certificates that ClamAV's verifier takes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mldsaKey } from "../../src/core/trust/mldsa.js";
import { policyOfRoot } from "../../src/core/trust/policy.js";
import { parseEnvelope, parseRoot } from "../../src/core/trust/metadata.js";
import { requirePinnedKey } from "../../src/core/trust/second-signature.js";
import { requireClamAVKeys } from "../../src/main/clamav-keys.js";
import { composeService } from "../../src/main/compose-service.js";
import { readConfiguration } from "../../src/main/configuration.js";
import { initialise } from "../../src/main/initialise.js";
import { temporaryFolder } from "../support/temporary.js";

const hooks = { ownAddress: () => "http://127.0.0.1:0", wake: () => undefined };
const choices = { postQuantum: true, clamavSignatures: true };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe("init", () => {
  it("makes a key for the second signature, pins it, and widens certificates, when it is told to", async () => {
    const data = join(folder.path, "data");
    await initialise({ data, signer: "webcrypto", scheme: "ecdsa-p256-sha256", ...choices });
    const { context, close } = await composeService(data, readConfiguration(data), hooks);
    try {
      const root = new Uint8Array(readFileSync(join(data, "root.json")));
      const policy = policyOfRoot(parseRoot(parseEnvelope(root, "root").signed));
      expect(policy?.postQuantum).toBe("when-announced");
      const { sha256 } = await mldsaKey(context.postQuantum?.publicKey ?? new Uint8Array());
      expect((await requirePinnedKey(sha256, policy ?? {})).publicKey).toEqual(
        context.postQuantum?.publicKey,
      );
      expect(context.settings.clamavSignatures).toBe(true);
      requireClamAVKeys(context.publisherChain, context.publisher.scheme);
    } finally {
      await close();
    }
  });
});
