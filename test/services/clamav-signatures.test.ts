/** Signatures over the files that ClamAV loads: made at the desk, written beside the export, read by the tools that ClamAV is built on. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import type { UpdateEvent } from "../../src/client/model.js";
import { Updater } from "../../src/client/updater.js";
import { base64Text, hexText } from "../../src/core/encoding/bytes.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { issueDevelopmentCRL } from "../../src/issuing/development-crls.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import {
  clamavSignaturesPath,
  formatClamAVSignatures,
  parseClamAVSignatures,
  type SignedFile,
} from "../../src/core/release/clamav-signatures.js";
import { requireClamAVKeys } from "../../src/main/clamav-keys.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { createPublisher, developmentKeys, memorySigner } from "../core/pki/publisher.js";
import { openService, type TestService } from "../support/service.js";
import { feed } from "./desk.js";
import { testCodec } from "./test-codec.js";

const hdb = `${"0".repeat(31)}1:100:Sample.One\n${"0".repeat(31)}2:200:Sample.Two\n`;
const ndb = "Sample.Three:0:*:deadbeefcafe\n";
const names = ["rulemint.hdb", "rulemint.ndb"];
const haveOpenSSL = spawnSync("openssl", ["version"]).status === 0;
if (!haveOpenSSL) console.warn("openssl is not installed: it was not asked about signatures for ClamAV");

let service: TestService;
let endpoints = 0;
const fetcher = openHTTPFetcher();
const document = () => join(service.desk.folder, "public", clamavSignaturesPath(feed, 1 as never));

beforeAll(async () => {
  service = await openService({
    alsoEmail: true,
    wrap: ({ settings }) => ({ settings: { ...settings, clamavSignatures: true } }),
  });
  await service.desk.addRules("hashes", "clamav", { "a.hdb": hdb, "b.ndb": ndb });
  await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
  expect(await service.desk.release()).toMatchObject({ state: "published", waitingFor: null });
});
afterAll(() => service.close());

interface Endpoint {
  readonly updater: Updater;
  readonly folder: string;
  readonly events: UpdateEvent[];
}

async function endpoint(): Promise<Endpoint> {
  const folder = join(service.desk.folder, `endpoint-${endpoints++}`);
  const events: UpdateEvent[] = [];
  const updater = new Updater({
    store: await openFilesystemEndpointStore(folder),
    ...{ fetcher, codec: testCodec, clock: service.desk.context.clock, digest: sha256Digest },
    onEvent: (event) => events.push(event),
  });
  await updater.init({ url: service.origin, root: service.desk.root });
  return { updater, folder, events };
}
const exported = ({ folder }: Endpoint, name: string) => join(folder, "export/clamav", name);
const published = () => parseClamAVSignatures(new Uint8Array(readFileSync(document())));
/** Serves another document for the time of `work`. */
async function instead(files: readonly SignedFile[] | string, work: () => Promise<void>): Promise<void> {
  const before = readFileSync(document());
  const bytes = typeof files === "string" ? files : formatClamAVSignatures({ ...published(), files });
  writeFileSync(document(), bytes);
  try {
    await work();
  } finally {
    writeFileSync(document(), before);
  }
}

describe("signatures for ClamAV", () => {
  it("SPEC §8.7.3 stand beside every file that ClamAV loads, and beside no other", async () => {
    const one = await endpoint();
    await one.updater.update();
    for (const name of names) {
      const text = readFileSync(exported(one, `${name}.sign`), "utf8");
      expect(text).toMatch(/^#clamsign-1\.0\n230::pkcs7-pem:[A-Za-z0-9+/]+={0,2}\n$/);
    }
    expect(existsSync(join(one.folder, "export/ioc"))).toBe(true);
    expect(existsSync(join(one.folder, "export/ioc/domains.txt.sign"))).toBe(false);
    // By hand, without the network.
    await one.updater.export(join(one.folder, "elsewhere"));
    expect(existsSync(join(one.folder, "elsewhere/clamav/rulemint.hdb.sign"))).toBe(true);
    const index = await (await fetch(`${service.origin}/evidence/${feed}/1.json`)).json();
    expect(index).toMatchObject({ clamavSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  /** ClamAV 1.5 calls PKCS7_verify with the certificates of its folder, detached and binary, for the default purpose. */
  it.runIf(haveOpenSSL).each(["smime", "cms"])(
    "are accepted by openssl %s as ClamAV calls it, and only over their file",
    async (command) => {
      const one = await endpoint();
      await one.updater.update();
      const policy = await publishedPolicy(service.desk.context);
      const anchors = join(one.folder, "anchors.pem");
      writeFileSync(anchors, policy.codeSigningAnchors.join(""));
      const verify = (signFile: string, content: string) => {
        const line = readFileSync(signFile, "utf8").split("\n")[1] as string;
        const der = join(one.folder, "signature.p7s");
        writeFileSync(der, Buffer.from(line.split(":")[3] as string, "base64"));
        const args = [
          "-verify",
          "-binary",
          "-inform",
          "DER",
          "-in",
          der,
          "-content",
          content,
          "-CAfile",
          anchors,
        ];
        return execFileSync("openssl", [command, ...args, "-out", "/dev/null"], {
          stdio: ["ignore", "pipe", "pipe"],
        });
      };
      for (const name of names) verify(exported(one, `${name}.sign`), exported(one, name));
      expect(() => verify(exported(one, "rulemint.hdb.sign"), exported(one, "rulemint.ndb"))).toThrow(
        /digest|verification/i,
      );
      const longer = join(one.folder, "longer.hdb");
      writeFileSync(longer, `${readFileSync(exported(one, "rulemint.hdb"), "utf8")}x`);
      expect(() => verify(exported(one, "rulemint.hdb.sign"), longer)).toThrow(/digest|verification/i);
    },
  );

  const swapped = (): SignedFile[] => {
    const [a, b] = published().files as [SignedFile, SignedFile];
    return [{ ...a, cms: b.cms }, b];
  };
  const lies: [lie: string, files: () => Promise<readonly SignedFile[] | string>, left: string[]][] = [
    ["exchanged among files", async () => swapped(), ["rulemint.ndb"]],
    [
      "of other content",
      async () => published().files.map((file) => ({ ...file, sha256: "0".repeat(64) as never })),
      [],
    ],
    [
      "by another key of the same name",
      async () => {
        const stranger = await createPublisher(await memorySigner("ecdsa-p256-sha256"), service.desk.now);
        const cms = await stranger.sign(new TextEncoder().encode(hdb));
        return published().files.map((file) => ({ ...file, cms }));
      },
      [],
    ],
    ["cut", async () => published().files.map((file) => ({ ...file, cms: file.cms.subarray(1) })), []],
    ["stripped", async () => [], []],
    ["garbage", async () => "garbage", []],
    ["of another schema", async () => '{"schema":2}', []],
  ];
  it.each(lies)(
    "SPEC §8.7.3 left out when %s, and the engines have their rules all the same",
    async (_lie, files, left) => {
      await instead(await files(), async () => {
        const one = await endpoint();
        expect((await one.updater.update()).outcome).toBe("updated");
        expect(readFileSync(exported(one, "rulemint.ndb"), "utf8")).toBe(ndb);
        expect(names.filter((name) => existsSync(exported(one, `${name}.sign`)))).toEqual(left);
      });
    },
  );

  it("says which signature it left out, and why", async () => {
    await instead(swapped(), async () => {
      const one = await endpoint();
      await one.updater.update();
      expect(one.events).toContainEqual({
        ...{ type: "signature-left-out", path: "clamav/rulemint.hdb", code: "CMS_DIGEST_MISMATCH" },
      });
    });
  });

  it("SPEC §6.8.8 are left out of an export when the certificate turned out to have been revoked", async () => {
    const one = await endpoint();
    await one.updater.update();
    const leaf = parseCertificate(service.desk.context.publisherChain[0] as Uint8Array);
    const revokedAt = new Date(service.desk.now.getTime() - 60_000);
    const revoked = [{ issuer: "issuing-ca", serial: hexText(leaf.serial), revokedAt }] as const;
    const later = new Date(service.desk.now.getTime() + 5000);
    const list = await issueDevelopmentCRL(developmentKeys, "issuing-ca", revoked, later);
    writeFileSync(join(one.folder, "revocation.lists"), `${base64Text(list)}\n`);
    await one.updater.export(join(one.folder, "elsewhere"));
    expect(existsSync(join(one.folder, "elsewhere/clamav/rulemint.hdb"))).toBe(true);
    expect(existsSync(join(one.folder, "elsewhere/clamav/rulemint.hdb.sign"))).toBe(false);
    expect(one.events).toContainEqual(
      expect.objectContaining({ type: "signature-left-out", code: "CERTIFICATE_REVOKED" }),
    );
  });

  it("are not made where nobody asked for them", async () => {
    const plain = await openService();
    try {
      await plain.desk.addRules("hashes", "clamav", { "a.hdb": hdb });
      const release = await plain.desk.release();
      expect(release.state).toBe("published");
      expect(release.clamavSignaturesSha256).toBeUndefined();
    } finally {
      await plain.close();
    }
  });
});

describe("the document", () => {
  it("SPEC §8.7.2 is read as it was written, and bounded", () => {
    const { files } = published();
    expect(files.map(({ path }) => path)).toEqual(names);
    const many = Array.from({ length: 33 }, () => files[0] as SignedFile);
    const bytes = formatClamAVSignatures({ ...published(), files: many });
    expect(() => parseClamAVSignatures(bytes)).toThrowError(/32 files/);
    expect(() => parseClamAVSignatures(new Uint8Array(4 * 1024 * 1024 + 1))).toThrowError(/smaller/);
  });

  it.each([
    ["with a blank", (text: string) => text.replace(":", ": ")],
    ["without its line feed", (text: string) => text.trimEnd()],
    ["with another member", (text: string) => text.replace("{", '{"aside":1,')],
    [
      "with its members in another order",
      (text: string) => text.replace(/^{"schema":1,(.*)}\n$/, '{$1,"schema":1}\n'),
    ],
  ])("SPEC §8.7.2 is refused %s", (_rule, change) => {
    const text = change(new TextDecoder().decode(formatClamAVSignatures(published())));
    expect(() => parseClamAVSignatures(new TextEncoder().encode(text))).toThrowError(
      expect.objectContaining({ code: "ENCODING_MALFORMED" }),
    );
  });
});

describe("the publisher's certificates", () => {
  it("SPEC §8.7.1 must be for emailProtection, leaf and CA, and the key none for RSA-PSS", async () => {
    const { publisherChain } = service.desk.context;
    requireClamAVKeys(publisherChain, "ecdsa-p256-sha256");
    const code = expect.objectContaining({ code: "CONFIGURATION" });
    expect(() => requireClamAVKeys(publisherChain, "rsa-pss-3072-sha256")).toThrowError(code);
    const plain = await createPublisher(await memorySigner("ecdsa-p256-sha256"), service.desk.now);
    expect(() => requireClamAVKeys(plain.chain, "ecdsa-p256-sha256")).toThrowError(code);
    const mixed = [publisherChain[0] as Uint8Array, plain.chain[1] as Uint8Array];
    expect(() => requireClamAVKeys(mixed, "ecdsa-p256-sha256")).toThrowError(code);
    expect(developmentKeys.issuingCertificate).not.toBe("");
  });
});
