/**
 * The README's first command, with the signer that it takes where SoftHSM2 is installed (`RULEMINT_DEMO_SIGNERS=webcrypto,pkcs11` asks
 * for both; the service tests run on WebCrypto keys): three releases from files to an endpoint, refusals on the way, the audit, and every line
 * of docs/VERIFY.md. What it leaves is then looked at by strangers: tuf-js from a running server, zstd, openssl.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Updater } from "tuf-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/core/encoding/stream.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import { digestDatabase } from "../../src/core/format/database.js";
import { projectRoot } from "../architecture/source-tree.js";

const softhsm = existsSync("/usr/lib/softhsm/libsofthsm2.so");
const signers = (process.env.RULEMINT_DEMO_SIGNERS ?? (softhsm ? "pkcs11" : "webcrypto")).split(",");
if (!softhsm) console.warn("SoftHSM2 is not installed: the demo runs with the WebCrypto signer alone");

describe.each(signers)("scripts/demo --signer %s", (signer) => {
  const work = mkdtempSync(join(tmpdir(), "rulemint-end-"));
  const kept = join(work, "kept");
  let said = "";

  beforeAll(() => {
    const args = ["scripts/demo.mjs", "--keep", kept, "--no-corpora", "--signer", signer];
    said = execFileSync(process.execPath, args, {
      cwd: projectRoot,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it("leaves the tree that the README promises", () => {
    for (const path of [
      "publisher/public",
      "overseer",
      "endpoint",
      "audit/report.txt",
      "root.json",
      "anchors.pem",
    ]) {
      expect(existsSync(join(kept, path)), path).toBe(true);
    }
    const manifests = readdirSync(join(kept, "publisher/public/metadata")).filter((name) =>
      name.endsWith(".endpoint.json"),
    );
    expect(manifests.length).toBeGreaterThanOrEqual(3);
  });

  it("says what was refused, by code", () => {
    for (const code of [
      "RULES_INVALID",
      "APPROVAL_OWN",
      "ASSAY_MISSING",
      "PACK_DIGEST_MISMATCH",
      "METADATA_",
      "EVIDENCE_MISSING",
    ]) {
      expect(said).toContain(code);
    }
  });

  it("ends with a proven audit, for people and for machines", () => {
    const report = JSON.parse(readFileSync(join(kept, "audit/report.json"), "utf8")) as {
      verdict: string;
      steps: unknown[];
    };
    expect(report.verdict).toBe("proven");
    expect(report.steps.length).toBeGreaterThanOrEqual(9);
    expect(readFileSync(join(kept, "audit/report.txt"), "utf8")).toContain("Verdict: Every one of");
  });

  it("lets the real engine load the export", () => {
    const folder = join(kept, "endpoint/export/yara");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".yar"),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) execFileSync("yarac", [join(folder, name), join(work, "compiled.yarc")]);
  });

  it("serves a repository that tuf-js follows to a pack, and zstd reads the pack", async () => {
    const environment = signer === "pkcs11" ? { SOFTHSM2_CONF: join(kept, "softhsm2.conf") } : {};
    const service = await serve(join(kept, "publisher"), environment);
    try {
      const [metadata, targets] = [join(work, "tuf-metadata"), join(work, "tuf-targets")];
      for (const folder of [metadata, targets]) mkdirSync(folder);
      writeFileSync(join(metadata, "root.json"), readFileSync(join(kept, "root.json")));
      const updater = new Updater({
        metadataBaseUrl: `${service.address}/metadata`,
        metadataDir: metadata,
        targetBaseUrl: `${service.address}/targets`,
        targetDir: targets,
      });
      await updater.refresh();
      const info = await updater.getTargetInfo("endpoint/3.full.rmp");
      expect(info).toBeDefined();
      const path = await updater.downloadTarget(info as NonNullable<typeof info>);
      const database = execFileSync("zstd", ["-dcq", path], { maxBuffer: 64 * 1024 * 1024 });
      const { databaseSha256 } = (info as NonNullable<typeof info>).custom as { databaseSha256: string };
      expect(await digestDatabase(memorySource(database), sha256Digest)).toBe(databaseSha256);
    } finally {
      service.child.kill("SIGTERM");
    }
  });
});

async function serve(
  data: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ child: ChildProcess; address: string }> {
  const args = ["dist/main/cli.js", "serve", "--data", data, "--listen", "127.0.0.1:0"];
  const child = spawn(process.execPath, args, { cwd: projectRoot, env: { ...process.env, ...environment } });
  for await (const line of createInterface({ input: child.stderr })) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (found) return { child, address: found[0] };
  }
  throw new Error("the service ended before it listened");
}
