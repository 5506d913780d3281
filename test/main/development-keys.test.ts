import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { requireHonestKeys } from "../../src/main/compose-service.js";
import type { Configuration } from "../../src/main/configuration.js";

const folder = fileURLToPath(new URL("../../keys-dev", import.meta.url));
const configuration = (change: Partial<Configuration> = {}) =>
  ({ publisher: { certificates: "code-signing-ca.crt.pem" }, ...change }) as Configuration;

describe("development keys", () => {
  it.each(["127.0.0.1", "::1", "localhost"])("serve %s", (host) => {
    expect(() => requireHonestKeys(folder, configuration(), host)).not.toThrow();
  });

  it.each(["0.0.0.0", "::", "192.0.2.1", "rules.example.com"])("SPEC §6.9.4 refuse to serve %s", (host) => {
    const code = "DEVELOPMENT_KEYS";
    expect(() => requireHonestKeys(folder, configuration(), host)).toThrowError(
      expect.objectContaining({ code }),
    );
    const unsafe = configuration({ developmentKeysOffLoopbackUnsafe: true });
    expect(() => requireHonestKeys(folder, unsafe, host)).not.toThrow();
  });
});
