/** A configuration with many mistakes names every one of them at once, with its place. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { RulemintError } from "../../src/core/errors.js";
import { checkConfiguration } from "../../src/main/check-configuration.js";
import { initialise } from "../../src/main/initialise.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: string;
let remove: () => Promise<void>;
let good: string;
beforeAll(async () => {
  const made = await temporaryFolder();
  ({ remove } = made);
  folder = join(made.path, "data");
  await initialise({ data: folder, signer: "webcrypto", scheme: "ecdsa-p256-sha256" });
  good = readFileSync(join(folder, "rulemint.yaml"), "utf8");
});
afterAll(() => remove());

function problemsOf(text: string): readonly string[] {
  writeFileSync(join(folder, "rulemint.yaml"), text);
  try {
    checkConfiguration(folder, {});
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(RulemintError);
    const { code, details, message } = error as RulemintError;
    expect(code).toBe("CONFIGURATION");
    return (details.problems as string[] | undefined) ?? [message];
  }
}

interface Loose {
  [name: string]: unknown;
  publisher: Record<string, unknown>;
  snapshot: Record<string, unknown>;
  timestamp: Record<string, unknown>;
  log: { witnesses: Record<string, unknown>[] };
}

const changed = (change: (configuration: Loose) => void): string => {
  const configuration = parse(good) as Loose;
  change(configuration);
  return stringify(configuration);
};

describe("a configuration", () => {
  it("of init has no problem", () => {
    expect(problemsOf(good)).toEqual([]);
  });

  it("names wrong shapes, missing files, missing variables and broken certificates at once", () => {
    writeFileSync(
      join(folder, "broken.pem"),
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    const text = changed((one) => {
      one.listen = "nowhere";
      one.workers = -1;
      one.unknown = true;
      one.publisher.certificates = "broken.pem";
      one.snapshot.keyFile = "keys/lost.key";
      one.timestamp.passphrase = { environment: "RULEMINT_NOT_SET" };
      one.log.witnesses = one.log.witnesses.map((witness, i) =>
        i === 0 ? { ...witness, vkey: "x" } : witness,
      );
    });
    const problems = problemsOf(text).map((one) => one.split(":")[0]);
    expect(problems.sort()).toEqual(
      [
        ...["listen", "workers", "(whole file)", "publisher.certificates", "snapshot.keyFile"],
        ...["timestamp.passphrase.environment", "log.witnesses.0.vkey"],
      ].sort(),
    );
  });

  it.each(["log", "access"] as const)("says that the key of the %s log cannot be in a token", (part) => {
    const token = { module: "/usr/lib/softhsm/libsofthsm2.so", tokenLabel: "t", keyLabel: "k" };
    const text = changed((one) => {
      one[part] = { ...(one[part] as object), ...token } as never;
    });
    expect(problemsOf(text)).toEqual([
      `${part}: expected a key file: a log's key is Ed25519, and keys in PKCS#11 tokens are P-256 or RSA`,
    ]);
  });

  it("names every mistake in the places of objects and public tree at once", () => {
    const text = changed((one) => {
      const secret = { environment: "RULEMINT_NOT_SET" };
      one.objects = {
        kind: "s3",
        endpoint: "ftp://x",
        bucket: "UPPER",
        prefix: "no-slash",
        accessKey: secret,
      };
      one.publicTree = { kind: "s3", endpoint: "http://key:secret@x", bucket: "b" };
    });
    const problems = problemsOf(text);
    const places = problems.map((one) => one.split(":")[0]);
    expect(places.sort()).toEqual([
      ...["objects", "objects.accessKey.environment", "objects.bucket", "objects.endpoint", "objects.prefix"],
      ...["publicTree.bucket", "publicTree.endpoint"],
    ]);
    expect(problems.join()).not.toContain("key:secret");
    const halfKey = { kind: "s3", bucket: "some-bucket", accessKey: { file: "root.json" } };
    expect(problemsOf(changed((one) => (one.objects = halfKey)))).toEqual([
      "objects: expected accessKey and secretKey, or neither",
    ]);
  });

  it.each([
    ["the same place", "", "", 1],
    ["a place inside the other", "", "public/", 1],
    ["places beside each other", "private/", "public/", 0],
  ])("for private objects and the public tree in %s of one bucket: %j and %j", (_, objects, tree, count) => {
    const place = { kind: "s3", bucket: "one-bucket" };
    const text = changed((one) => {
      one.objects = { ...place, prefix: objects };
      one.publicTree = { ...place, prefix: tree };
    });
    expect(problemsOf(text)).toHaveLength(count);
  });

  it("says where its YAML breaks", () => {
    expect(problemsOf("schema: 1\n  listen: [")[0]).toMatch(/expected YAML: .*line 1, column 9/);
  });

  it("wants somebody who stamps", () => {
    const text = changed((one) => {
      delete one.developmentAuthority;
    });
    expect(problemsOf(text)).toEqual([expect.stringMatching(/^timestampAuthorities: /)]);
  });
});
