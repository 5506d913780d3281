/**
 * Ceremonies and keys as keyholders type them: a data folder of `rulemint init`, proposals as files, keys in encrypted files and in a
 * token, and a stranger's tools (openssl) on what comes out.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyID } from "../../src/core/trust/keys.js";
import { parseEnvelope, parseRoot } from "../../src/core/trust/metadata.js";
import { lintNames } from "../../src/issuing/certificate-lints.js";
import * as ceremony from "../../src/main/compose-ceremony.js";
import * as keys from "../../src/main/compose-key-tools.js";
import { initialise } from "../../src/main/initialise.js";
import { createTokens, haveSoftHSM, softHSMModule } from "../adapters/signer/softhsm.js";
import { run } from "../cli/fake-doors.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: { path: string; remove(): Promise<void> };
let data: string;
const at = (name: string) => join(folder.path, name);
const doors = {
  propose: ceremony.propose,
  showProposal: ceremony.showProposal,
  signProposal: ceremony.sign,
  publishProposal: ceremony.publish,
  generateKey: keys.generateKey,
  requestCertificate: keys.requestCertificate,
  importChain: keys.importChain,
  showKey: keys.showKey,
  checkChain: keys.checkChain,
};
const rulemint = (line: string) =>
  run(
    line.split(" ").map((word) => word.replace(/^@/, `${folder.path}/`).replace(/=@/, `=${folder.path}/`)),
    doors,
  );
const passphrase = "--passphrase-file @data/keys/passphrase";
const share = (name: string) => `--key-file @data/offline/${name}.key ${passphrase}`;

beforeAll(async () => {
  folder = await temporaryFolder();
  data = at("data");
  await initialise({ data, overseer: at("overseer"), signer: "webcrypto", scheme: "ecdsa-p256-sha256" });
  await mkdir(at("new"));
});
afterAll(() => folder.remove());

describe("rulemint root", () => {
  it("exchanges the timestamp key: proposed, shown, signed by two, published", {
    timeout: 60_000,
  }, async () => {
    const made = await rulemint(
      `key generate --key-file @data/keys/timestamp-2.key ${passphrase} --public @new/timestamp.pem`,
    );
    expect(made).toMatchObject({ exit: 0, stdout: expect.stringContaining("ecdsa-sha2-nistp256") });

    const proposed = await rulemint(
      "root propose --data @data --out @root.proposal --payload @root.payload " +
        "--add timestamp:timestamp-2=@new/timestamp.pem --remove timestamp:timestamp",
    );
    expect(proposed.exit).toBe(0);
    expect(proposed.stdout).toMatch(/^root version 1 -> 2$/m);
    expect(proposed.stdout).toMatch(/^ {2}- roles\.timestamp\.keyids: timestamp \(/m);
    expect(proposed.stdout).toMatch(/^ {2}\+ roles\.timestamp\.keyids: timestamp-2 \(/m);
    expect(proposed.stdout).toContain("open   root-vendor-2");

    const early = await rulemint("root publish --data @data --proposal @root.proposal");
    expect(early).toMatchObject({ exit: 1, stderr: expect.stringContaining("METADATA_THRESHOLD") });

    const wrong = await rulemint(`root sign --proposal @root.proposal ${share("targets-1")}`);
    expect(wrong).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/SIGNATURE_REFUSED.*root-vendor-1/),
    });
    const other = await rulemint(
      `root sign --proposal @root.proposal --expect ${"0".repeat(64)} ${share("root-vendor-1")}`,
    );
    expect(other).toMatchObject({ exit: 1, stderr: expect.stringContaining("SIGNATURE_REFUSED") });

    expect((await rulemint(`root sign --proposal @root.proposal ${share("root-vendor-1")}`)).exit).toBe(0);
    const last = `root sign --proposal @root.proposal --key-file @overseer/keys/root-overseer.key --passphrase-file @overseer/keys/passphrase`;
    expect((await rulemint(last)).stdout).toContain("Every threshold is met");

    // The service that publishes must have the key that the new root names.
    const refused = await rulemint("root publish --data @data --proposal @root.proposal");
    expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining("METADATA_THRESHOLD") });
    const settings = join(data, "rulemint.yaml");
    await writeFile(
      settings,
      (await readFile(settings, "utf8")).replace("keys/timestamp.key", "keys/timestamp-2.key"),
    );
    const published = await rulemint("root publish --data @data --proposal @root.proposal");
    expect(published).toMatchObject({ exit: 0, stdout: expect.stringContaining("Published: root 2") });
    const bytes = await readFile(join(data, "public/metadata/2.root.json"));
    expect(parseRoot(parseEnvelope(bytes, "root").signed).version).toBe(2);
    const again = await rulemint("root publish --data @data --proposal @root.proposal");
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining("RELEASE_STATE") });
  });

  it("takes a signature that openssl made over the payload", async () => {
    await rulemint(
      "root propose --data @data --out @second.proposal --payload @second.payload --expires-days 300",
    );
    const sign = [
      "dgst",
      "-sha256",
      "-sign",
      at("data/offline/root-vendor-2.key"),
      "-passin",
      `file:${at("data/keys/passphrase")}`,
    ];
    expect(spawnSync("openssl", [...sign, "-out", at("second.sig"), at("second.payload")]).status).toBe(0);
    const pem = spawnSync("openssl", [
      "pkey",
      "-in",
      at("data/offline/root-vendor-2.key"),
      "-passin",
      `file:${at("data/keys/passphrase")}`,
      "-pubout",
    ]);
    await writeFile(at("vendor-2.pem"), pem.stdout);
    const keyid = keyID(keys.readPublicKey(at("vendor-2.pem")));
    const taken = await rulemint(
      `root sign --proposal @second.proposal --signature @second.sig --keyid ${keyid}`,
    );
    expect(taken).toMatchObject({ exit: 0, stdout: expect.stringContaining("signed root-vendor-2") });
  });

  it.each([
    "root propose --data @data --out @x --add timestamp",
    "root propose --data @data --out @x --threshold root",
    "targets propose --data @data --out @x --add endpoint:name=@new/timestamp.pem",
    "root sign --proposal @root.proposal",
    "root sign --proposal @root.proposal --keyid 00",
    "key generate",
    "targets show --proposal @root.proposal",
  ])("answers %j with how it is meant", async (line) => {
    expect(await rulemint(line)).toMatchObject({ exit: 2, stderr: expect.stringContaining("error: USAGE") });
  });
});

describe("rulemint targets", () => {
  it("lists a renewed certificate's key beside the old one", async () => {
    await rulemint(
      `key generate --key-file @data/keys/publisher-2.key ${passphrase} --public @new/publisher.pem`,
    );
    const proposed = await rulemint(
      "targets propose --data @data --out @targets.proposal --add endpoint/publisher:publisher-2=@new/publisher.pem",
    );
    expect(proposed.stdout).toMatch(/^ {2}\+ x-rulemint\.parties\.endpoint\.publisher: publisher-2 \(/m);
    for (const name of ["targets-1", "targets-2"])
      await rulemint(`targets sign --proposal @targets.proposal ${share(name)}`);
    const published = await rulemint("targets publish --data @data --proposal @targets.proposal --json");
    expect(JSON.parse(published.stdout)).toMatchObject({ targetsVersion: 2 });
  });
});

describe("rulemint key", () => {
  it("asks for a certificate that openssl reads", async () => {
    const line = `key csr --key-file @data/keys/publisher.key ${passphrase} --out @request.pem --organization`;
    const { exit } = await run(
      [
        ...line.replaceAll("@", `${folder.path}/`).split(" "),
        "Muster Sicherheit AG",
        "--organization-identifier",
        "NTRCH-CHE-109.357.012",
        "--locality",
        "Bern",
      ],
      doors,
    );
    expect(exit).toBe(0);
    const read = spawnSync("openssl", ["req", "-in", at("request.pem"), "-noout", "-verify", "-subject"], {
      encoding: "utf8",
    });
    expect(read.status).toBe(0);
    expect(read.stdout + read.stderr).toMatch(/CH.*Muster Sicherheit AG.*NTRCH-CHE-109\.357\.012/s);
  });

  it("asks for none with a UID whose check digit is wrong", async () => {
    const place = `--key-file @data/keys/publisher.key ${passphrase} --out @mistyped.pem`;
    const line = `key csr ${place} --organization Muster --organization-identifier NTRCH-CHE-109.357.013`;
    const refused = { exit: 2, stderr: expect.stringContaining("a UID with its check digit") };
    expect(await rulemint(line)).toMatchObject(refused);
    expect(existsSync(at("mistyped.pem"))).toBe(false);
  });

  it("imports a chain in any order, when the rules hold and the key fits", async () => {
    const chain = await readFile(join(data, "keys/publisher-chain.pem"), "utf8");
    const blocks = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
    await writeFile(at("sent.pem"), blocks.reverse().join(""));
    const key = `--key-file @data/keys/publisher.key ${passphrase}`;
    const imported = await rulemint(`key import ${key} --chain @sent.pem --out @imported.pem --json`);
    expect(imported.exit).toBe(0);
    expect(JSON.parse(imported.stdout).lints).toHaveLength(lintNames.length);
    expect(await readFile(at("imported.pem"), "utf8")).toBe(chain);
    const other = await rulemint(
      `key import --key-file @data/keys/publisher-2.key ${passphrase} --chain @sent.pem --out @not.pem`,
    );
    expect(other).toMatchObject({ exit: 1, stderr: expect.stringContaining("SIGNER_KEY_MISMATCH") });
    const checked = await rulemint("key check --chain @sent.pem");
    expect(checked).toMatchObject({ exit: 0, stdout: expect.stringContaining("warning reserved-policy") });
  });

  it("shows the same key id for a key and its certificate", async () => {
    const one = await rulemint(`key show --key-file @data/keys/publisher.key ${passphrase} --json`);
    const two = await rulemint("key show --public @data/keys/publisher-chain.pem --json");
    expect(JSON.parse(one.stdout).keyid).toBe(JSON.parse(two.stdout).keyid);
  });

  it.runIf(haveSoftHSM)("makes a key inside a token, and asks for its certificate", async () => {
    createTokens(folder.path, "987654", "publisher");
    await writeFile(at("pin"), "987654\n");
    const place = `--pkcs11-module ${softHSMModule} --token-label publisher --key-label ceremony --pin-file @pin`;
    expect(await rulemint(`key generate ${place} --public @token.pem`)).toMatchObject({ exit: 0 });
    expect(await rulemint(`key generate ${place}`)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("KEY_EXISTS"),
    });
    expect(await rulemint(`key csr ${place} --organization Muster --out @token.csr`)).toMatchObject({
      exit: 0,
    });
    const read = spawnSync("openssl", ["req", "-in", at("token.csr"), "-noout", "-verify", "-pubkey"], {
      encoding: "utf8",
    });
    expect(read.stdout).toContain((await readFile(at("token.pem"), "utf8")).trim());
  });
});
