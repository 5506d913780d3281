/** The second client, in Python with Debian's packages alone, against what our publisher makes: the formats can be read from SPEC. */
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { sha256 } from "../../src/core/encoding/sha256.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { formatVerdictList, verdictsPath } from "../../src/core/trust/attest/verdict-list.js";
import type { Manifest } from "../../src/core/trust/model.js";
import { type CMSInput, signCMS } from "../../src/issuing/cms.js";
import { allDevelopmentCRLs } from "../../src/issuing/development-crls.js";
import { indicators, start } from "../client/endpoint.js";
import { createPublisher, developmentKeys } from "../core/pki/publisher.js";
import { verdictBy } from "../core/trust/attest/attestations.js";
import { badCMS } from "../simulator/bad-evidence.js";
import { testSigner } from "../simulator/test-signer.js";
import { SimulatedLog } from "../simulator/log.js";
import { TestLog } from "../support/log-world.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { database as databaseOf, delta, numbers, rules } from "../core/format/samples.js";
import { temporaryFolder } from "../support/temporary.js";

const run = promisify(execFile);
const python = "/usr/bin/python3";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const client = here("../../clients/python");
const vectors = here("../vectors/tuf");

let folder: string;
let remove: () => Promise<void>;
let publisher: SimulatedPublisher;

beforeAll(async () => {
  await run(python, ["-c", "import asn1crypto, cryptography, OpenSSL, zstandard"]).catch(() => {
    throw new Error("Debian's modules for Python (clients/python/README.md) are absent: run scripts/setup");
  });
  ({ path: folder, remove } = await temporaryFolder());
  publisher = await SimulatedPublisher.create(start);
  await writeFile(join(folder, "root.json"), publisher.root);
  await publisher.release(indicators(1));
  await writeTree("one");
  await publisher.release(indicators(2));
  await writeTree("two");
});
afterAll(() => remove());

/** A copy of the public tree in a folder; `change` bends files by a part of their path. */
async function writeTree(name: string, bent?: string, of = publisher): Promise<void> {
  for (const [path, bytes] of of.tree) {
    const file = join(folder, name, path);
    await mkdir(dirname(file), { recursive: true });
    const copy = Uint8Array.from(bytes);
    const middle = copy.length >> 1;
    if (bent !== undefined && path.includes(bent)) copy[middle] = (copy[middle] as number) ^ 1;
    await writeFile(file, copy);
  }
}

async function update(tree: string, state: string, ...more: string[]): Promise<string> {
  const time = `${start.toISOString().slice(0, 19)}Z`;
  const options = ["--url", join(folder, tree), "--root", join(folder, "root.json"), "--at", time, ...more];
  const words = [join(client, "update.py"), ...options, "--state", join(folder, state)];
  return run(python, words).then(
    ({ stdout }) => stdout.trim(),
    ({ stderr }: { stderr: string }) => stderr.split(":")[0] as string,
  );
}
const database = async (state: string) => Uint8Array.from(await readFile(join(folder, state, "database")));
const release = (n: number) => `endpoint ${n} ${publisher.databases.get(n)?.sha256}`;

/** Refused by OpenSSL's checks, or in another order of checks: under another code of the same kind. */
const otherCodes = [
  ...["authority-key-critical", "distribution-point-empty", "leaf-extension-twice", "leaf-sha1-signature"],
  ...["leaf-version-1", "names-wildcard-over-excluded", "path-ca-constraints-not-critical"],
  ...["path-ca-without-cert-sign", "policy-constraints-not-critical", "policy-twice"],
  ...["signer-by-key-identifier"],
];

describe("the client in Python", () => {
  it("stays small enough to be read in an hour", async () => {
    const files = (await readdir(client)).filter((name) => name.endsWith(".py"));
    const texts = await Promise.all(files.map((name) => readFile(join(client, name), "utf8")));
    /** Lines of code as cloc counts them: neither blank nor a comment nor of a docstring. */
    const count = (...names: string[]) =>
      names
        .map((name) => (texts[files.indexOf(name)] as string).replace(/^ *"""[\s\S]*?"""$/gm, ""))
        .flatMap((text) => text.split("\n").filter((line) => /^ *[^ #]/.test(line))).length;
    expect(count("packs.py", "trust.py", "update.py")).toBeLessThan(600);
    expect(count(...files)).toBeLessThanOrEqual(895);
    expect(texts.flatMap((text) => text.split("\n")).filter((line) => line.length > 120)).toEqual([]);
  });

  it("judges every metadata vector as ours does", async () => {
    const { stdout } = await run(python, [here("tuf_vectors.py"), client, vectors]);
    const names = (await readdir(vectors, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const expected = await Promise.all(
      names.map(async ({ name }) => {
        const text = await readFile(join(vectors, name, "expect.txt"), "utf8");
        return `${name} ${text.split("\n")[0]}`;
      }),
    );
    expect(expected.length).toBeGreaterThan(50);
    expect(stdout.trim().split("\n").sort()).toEqual(expected.sort());
  });

  it("judges every log vector as ours does, and finds the fork", async () => {
    const folder = here("../vectors/log");
    const { stdout } = await run(python, [here("log_vectors.py"), client, folder]);
    const proofs = (await readdir(join(folder, "proofs"))).filter((name) => name.endsWith(".expect"));
    const expected = await Promise.all(
      proofs.map(async (name) => {
        const text = await readFile(join(folder, "proofs", name), "utf8");
        return `${name.slice(0, -".expect".length)} ${text.split("\n")[0]}`;
      }),
    );
    expect(expected.length).toBeGreaterThan(12);
    const histories = ["checkpoint success", "checkpoint-100 success", "fork-100 LOG_FORK"];
    expect(stdout.trim().split("\n").sort()).toEqual([...expected, ...histories].sort());
  });

  it("accepts every good CMS signature of the vectors and refuses every bad one, nearly always with our code", async () => {
    const folder = here("../vectors/pki");
    const { stdout } = await run(python, [here("pki_vectors.py"), client, folder]);
    const verdicts = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const codes = new Map(
      await Promise.all(
        names.map(async (name) => {
          const text = await readFile(join(folder, name, "expect.txt"), "utf8");
          return [name, text.split("\n")[0]] as const;
        }),
      ),
    );
    expect([...verdicts.keys()].toSorted()).toEqual([...codes.keys()].toSorted());
    expect(names.length).toBeGreaterThan(190);
    const others = names.filter((name) => verdicts.get(name) !== codes.get(name));
    expect(others.toSorted()).toEqual(otherCodes);
    for (const name of others) {
      expect([verdicts.get(name), codes.get(name)], name).not.toContain("success");
    }
  });

  it("SPEC §7.20, §7.21 judges every rebuild verdict of the vectors as ours does", async () => {
    const folder = here("../vectors/dsse");
    const { stdout } = await run(python, [here("verdict_vectors.py"), client, folder]);
    const files = (await readdir(join(folder, "verdict"))).filter((name) => name.endsWith(".expect"));
    const expected = await Promise.all(
      files.map(async (name) => {
        const text = await readFile(join(folder, "verdict", name), "utf8");
        return `${name.slice(0, -".expect".length)} ${text.split("\n")[0]}`;
      }),
    );
    expect(expected.length).toBeGreaterThan(20);
    expect(stdout.trim().split("\n").sort()).toEqual(expected.sort());
  });

  it("installs by a full pack, goes on by a delta, and has our database byte for byte", async () => {
    expect(await update("one", "state")).toBe(release(1));
    expect(await database("state")).toEqual(publisher.databases.get(1)?.bytes);
    // Without the full pack only the delta leads there.
    await writeTree("delta-alone", "2.full.rmp");
    expect(await update("delta-alone", "state")).toBe(release(2));
    expect(await database("state")).toEqual(publisher.databases.get(2)?.bytes);
    expect(await update("two", "state")).toBe(release(2));
    expect(await update("one", "state")).toBe("METADATA_ROLLBACK");
  });

  it("SPEC §8.2.8 follows no more than 256 roots at once", async () => {
    const other = await SimulatedPublisher.create(start);
    await writeFile(join(folder, "many-root.json"), other.root);
    for (let i = 0; i < 257; i++) await other.publishRoot();
    await writeTree("many", undefined, other);
    const root = ["--root", join(folder, "many-root.json")];
    expect(await update("many", "of-many", ...root)).toBe("ROOT_CHAIN_BROKEN");
  });

  it("SPEC §4.2 reads a full pack of zstd frames as well as one of xz streams", async () => {
    const other = await SimulatedPublisher.create(start);
    other.method = "zstd";
    await writeFile(join(folder, "frames-root.json"), other.root);
    await other.release(indicators(3));
    await writeTree("frames", undefined, other);
    const installed = await update("frames", "of-frames", "--root", join(folder, "frames-root.json"));
    expect(installed).toBe(`endpoint 1 ${other.databases.get(1)?.sha256}`);
    expect(await database("of-frames")).toEqual(other.databases.get(1)?.bytes);
  });

  it("SPEC §4.7.4 begins every text with what stands before it, in plain parts too", async () => {
    const random = numbers(7);
    const noise = (length: number) =>
      Array.from({ length }, () => String.fromCharCode(256 * random())).join("");
    const hashes = () => Array.from({ length: 60 }, () => `h${noise(20)}`);
    const base = rules(60);
    const [old, next] = await Promise.all([
      databaseOf({ clamav: hashes(), suricata: base }),
      databaseOf({ clamav: hashes(), suricata: [...base, ...rules(30, 500)] }),
    ]);
    const [from, pack, to] = ["base", "delta", "result"].map((name) => join(folder, `${name}.of-parts`)) as [
      string,
      string,
      string,
    ];
    await writeFile(from, old);
    await writeFile(pack, await delta(old, next));
    await run(python, [here("apply_delta.py"), client, from, pack, to]);
    expect(Buffer.compare(await readFile(to), next)).toBe(0);
  });

  it.each([
    [".rmp", "PACK_DIGEST_MISMATCH"],
    ["2.endpoint.json", "METADATA_MISMATCH"],
    ["targets.json", "METADATA_MISMATCH"],
    ["snapshot.json", "METADATA_MISMATCH"],
  ])("refuses a flipped byte in %s with %s and keeps its database", async (part, code) => {
    const state = `state${part}`;
    await update("one", state);
    await writeTree(`bent${part}`, part);
    expect(await update(`bent${part}`, state)).toBe(code);
    expect(await database(state)).toEqual(publisher.databases.get(1)?.bytes);
  });
});

describe("the client in Python, of a publisher with a log", () => {
  let logged: SimulatedPublisher;
  const take = (tree: string, state: string) =>
    update(tree, state, "--root", join(folder, "logged-root.json"));

  beforeAll(async () => {
    logged = await SimulatedPublisher.create(start);
    logged.log = new SimulatedLog();
    await logged.publishRoot();
    await writeFile(join(folder, "logged-root.json"), logged.root);
    await logged.release(indicators(1));
    await writeTree("logged-1", undefined, logged);
    for (let i = 0; i < 300; i++) logged.log.log.append(Buffer.from(`between ${i}`));
    await logged.release(indicators(2));
    await writeTree("logged-2", undefined, logged);
  });

  it("installs what a quorum has seen, and holds the next checkpoint against it by tiles", async () => {
    expect(await take("logged-1", "of-log")).toBe(`endpoint 1 ${logged.databases.get(1)?.sha256}`);
    expect(await take("logged-2", "of-log")).toBe(`endpoint 2 ${logged.databases.get(2)?.sha256}`);
    const kept = await readFile(join(folder, "of-log", "checkpoint"), "utf8");
    expect(kept.split("\n")[1]).toBe("302");
  });

  it.each<[string, string, (log: SimulatedLog) => void]>([
    ["no evidence document", "LOG_PROOF_MISSING", (log) => (log.lie = () => undefined)],
    [
      "a proof of another form",
      "LOG_PROOF_MALFORMED",
      (log) => (log.lie = (one) => ({ ...one, proof: "x" })),
    ],
    [
      "an entry about another feed",
      "LOG_ENTRY_MISMATCH",
      (log) => (log.lie = ({ entry, proof }) => ({ entry: entry.replace('"endpoint"', '"another"'), proof })),
    ],
    [
      "an entry that the log does not have",
      "LOG_INCLUSION_FAILED",
      (log) => (log.lie = ({ entry, proof }) => ({ entry: entry.replace("12:", "11:"), proof })),
    ],
    ["one witness of three", "WITNESS_QUORUM", (log) => (log.witnesses = log.witnesses.slice(1))],
    ["another log", "LOG_KEY_UNKNOWN", (log) => (log.log = new TestLog("example.com/other"))],
  ])("refuses %s with %s, and keeps what it has", async (name, code, tell) => {
    const log = logged.log as SimulatedLog;
    const honest = { lie: log.lie, witnesses: log.witnesses, log: log.log };
    tell(log);
    await logged.release(indicators(3));
    Object.assign(log, honest);
    await writeTree(name, undefined, logged);
    await take("logged-1", name);
    expect(await take(name, `state of ${name}`)).toBe(code);
    expect(await take(name, name)).toBe(code);
    expect(await database(name)).toEqual(logged.databases.get(1)?.bytes);
  });

  it("keeps both checkpoints of a log that tells two histories, and believes it no more", async () => {
    await take("logged-1", "forked");
    const log = logged.log as SimulatedLog;
    const honest = log.log;
    log.log = new TestLog();
    for (let i = 0; i < 400; i++) log.log.append(Buffer.from(`other ${i}`));
    await logged.release(indicators(4));
    await writeTree("fork", undefined, logged);
    expect(await take("fork", "forked")).toBe("LOG_FORK");
    const kept = await readFile(join(folder, "forked", "forked-checkpoint"), "utf8");
    expect(kept).toContain("example.com/releases\n401\n");
    log.log = honest;
    expect(await take("logged-2", "forked")).toBe("LOG_FORK");
    expect(await database("forked")).toEqual(logged.databases.get(1)?.bytes);
  });
});

describe("the client in Python, and who signed", () => {
  type Sign = (publisher: SimulatedPublisher, file: Uint8Array) => Promise<Uint8Array | undefined>;
  const flip: Sign = async ({ identity }, file) => {
    const cms = Uint8Array.from(await identity.sign(file));
    const place = cms.length >> 1;
    cms[place] = (cms[place] as number) ^ 1;
    return cms;
  };
  const signed = async ({ identity, now }: SimulatedPublisher, file: Uint8Array, change: Partial<CMSInput>) =>
    signCMS({
      ...{
        contentSha256: await sha256(file),
        signer: identity.signer,
        chain: identity.chain,
        signingTime: now,
      },
      ...{ tsa: identity.tsa, revocation: async () => identity.lists },
      ...change,
    });
  const serialOf = (certificate: Uint8Array | undefined) =>
    Buffer.from(parseCertificate(certificate as Uint8Array).serial).toString("hex");
  const revoke =
    (issuer: "issuing-ca" | "tsa-ca"): Sign =>
    async (one, file) => {
      const { chain, tsuChain } = one.identity;
      const serial = serialOf(issuer === "tsa-ca" ? tsuChain[0] : chain[0]);
      const revoked = [{ issuer, serial, revokedAt: one.in(-1) }];
      return signed(one, file, { revocation: () => allDevelopmentCRLs(developmentKeys, revoked, one.now) });
    };
  /** A time-stamp of the right authority over another signature. */
  const otherStamp: Sign = (one, file) =>
    signed(one, file, { tsa: { stamp: () => one.identity.tsa.stamp(new Uint8Array(32)) } });

  it.each<[string, string, Sign]>([
    ["nothing", "EVIDENCE_MISSING", async () => undefined],
    ["a flipped bit", "", flip],
    [
      "the signature on another file",
      "CMS_DIGEST_MISMATCH",
      ({ identity }) => identity.sign(new Uint8Array(9)),
    ],
    ["a signature without a time-stamp", "TIMESTAMP_MISSING", badCMS.unstamped],
    ["a time-stamp over another signature", "TIMESTAMP_INVALID", otherStamp],
    ["a certificate of a made-up authority", "CERTIFICATE_UNTRUSTED", badCMS.untrusted],
    ["a certificate that is over", "CERTIFICATE_EXPIRED", badCMS.expired],
    ["a certificate for servers", "CERTIFICATE_USAGE", badCMS.serverAuth],
    ["a revoked certificate", "CERTIFICATE_REVOKED", revoke("issuing-ca")],
    ["a revoked time-stamp unit", "CERTIFICATE_REVOKED", revoke("tsa-ca")],
    [
      "no revocation lists",
      "REVOCATION_MISSING",
      (one, file) => signed(one, file, { revocation: async () => [] }),
    ],
    [
      "a stranger's valid certificate",
      "SIGNER_KEY_MISMATCH",
      async (one, file) => {
        const stranger = await createPublisher(await testSigner("ecdsa-p256-sha256"), one.now);
        return stranger.sign(file);
      },
    ],
  ])("refuses %s with %s, and keeps its database", async (name, code, sign) => {
    const undo = publisher.checkpoint();
    await publisher.release(indicators(3), { cms: (file) => sign(publisher, file) });
    await writeTree(name);
    undo();
    await update("two", name);
    const answer = await update(name, name);
    expect(answer).toMatch(
      code === "" ? /^(CMS|CERTIFICATE|TIMESTAMP|REVOCATION)_/ : new RegExp(`^${code}$`),
    );
    expect(await database(name)).toEqual(publisher.databases.get(2)?.bytes);
  });

  it("SPEC §7.8 refuses a release that announces a second signature, which it cannot verify", async () => {
    const undo = publisher.checkpoint();
    const postQuantum = { scheme: "ml-dsa-65", keySha256: "d".repeat(64) };
    const manifest = (one: Manifest) => ({ ...one, block: { ...one.block, postQuantum } }) as Manifest;
    await publisher.release(indicators(3), { manifest });
    await writeTree("second");
    undo();
    expect(await update("second", "of-second")).toBe("CLIENT_TOO_OLD");
  });

  it("SPEC §7.21 takes a release when a rebuilder of the policy has passed it, and not before", async () => {
    const other = await SimulatedPublisher.create(start);
    const rebuilder = await testSigner();
    const rebuilders = { threshold: 1, keys: [formatPEM(rebuilder.spki, "PUBLIC KEY")] };
    Object.assign(other.identity.policy, { rebuilders });
    await other.publishRoot();
    await writeFile(join(folder, "rebuilt-root.json"), other.root);
    const manifest = await other.release(indicators(1));
    const take = async (tree: string) => {
      await writeTree(tree, undefined, other);
      return update(tree, `of-${tree}`, "--root", join(folder, "rebuilt-root.json"));
    };
    expect(await take("rebuilt-by-nobody")).toBe("REBUILD_QUORUM");
    const list = async (result: "PASSED" | "FAILED") => {
      const verdicts = [await verdictBy(rebuilder, { manifest, result })];
      const { feed } = other;
      const bytes = formatVerdictList({ feed, release: manifest.version, verdicts });
      other.tree.set(verdictsPath(feed, manifest.version), bytes);
    };
    await list("PASSED");
    expect(await take("rebuilt")).toBe(`endpoint 1 ${other.databases.get(1)?.sha256}`);
    await list("FAILED");
    expect(await take("rebuilt-otherwise")).toBe("REBUILD_FAILED");
  });
});
