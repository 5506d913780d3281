/**
 * An auditor with a running service: a visit with sources, a rebuild and its protocol; a bundle; reports that print. Then the service
 * is gone, and so is the network: everything that was taken away still proves itself, to our program and to strangers' tools.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWebCryptoSigner } from "../../src/adapters/signer/webcrypto.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { formatCheckpoint, parseCheckpoint } from "../../src/core/log/checkpoint.js";
import { type NoteSignature, formatNote, parseNote } from "../../src/core/log/note.js";
import { formatAddCheckpoint } from "../../src/core/log/witness-request.js";
import { haveChromium, launch } from "../browser/browser.js";
import { cliPath, indicators, PublisherProcess, type Ran, rulemint } from "../faults/publisher-process.js";
import { Running } from "../support/running.js";

let folder: string;
let publisher: PublisherProcess;
let visit: string;
/** The log when only release 1 was there. */
let early: string;
const at = (name: string) => join(folder, name);
const auditor = (line: string, visited?: string): Promise<Ran> =>
  rulemint(words(line), {
    ...{ RULEMINT_SERVER: publisher.origin, RULEMINT_TOKEN: publisher.token("auditor") },
    ...{ RULEMINT_WHY: "the yearly visit", ...(visited && { RULEMINT_VISIT: visited }) },
  });
const words = (line: string): string[] =>
  line.split(" ").map((word) => word.replace("@", `${folder}/`).replace("URL", publisher.origin));
const pinned =
  "--key @publisher/access-log-key.txt --log-policy @publisher/log-policy.txt --visits-key @publisher/visits-key.pem";
const tree = "--url URL --root @publisher/root.json --feed endpoint";

/** As the root of a namespace without a network; elsewhere with a proxy that is not there, which is less. */
const isolated = spawnSync("unshare", ["-rn", "true"]).status === 0;
if (!isolated) console.warn("no namespace without a network can be made here: it is asked less strictly");
function offline(line: string): { status: number | null; stdout: string } {
  const command = [process.execPath, cliPath, ...words(line)];
  const [program = "", ...rest] = isolated ? ["unshare", "-rn", ...command] : command;
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8" });
  return { status, stdout: stdout + stderr };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rulemint-auditor-"));
  publisher = new PublisherProcess(folder);
  await publisher.init();
  await publisher.start();
  await publisher.addRules("hosts", { "hosts.txt": indicators(0, 200) });
  await publisher.release(1);
  early = await (await fetch(`${publisher.origin}/log/checkpoint`)).text();
  writeFileSync(at("early"), early);
  await publisher.addRules("hosts", { "hosts.txt": indicators(1, 200) });
  await publisher.release(2);
});
afterAll(async () => {
  await publisher.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("an auditor who comes to see", () => {
  it("reads sources, changes and builds in a visit, and changes nothing", async () => {
    const begun = await auditor("review begin --json");
    visit = (JSON.parse(begun.stdout) as { id: string }).id;
    for (const line of [
      "submission list",
      "submission diff s-000000000002",
      "release show --feed endpoint --release 2",
      "release changes --feed endpoint --release 2",
      "release sources --feed endpoint --release 2 --out @sources",
      "rule explain host-30.example.com --feed endpoint --release 2",
    ]) {
      const done = await auditor(line, visit);
      expect(done, done.stderr).toMatchObject({ exit: 0 });
    }
    expect(readFileSync(at("sources/hosts/hosts.txt"), "utf8")).toBe(indicators(1, 200));
    const refused = await auditor("release build --feed endpoint --no-wait", visit);
    expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining("ROLE_REFUSED")]);
  });

  it("compiles a release again on the spot, and takes away the signed protocol", async () => {
    const rebuilt = await auditor(
      "review rebuild --feed endpoint --release 2 --root @publisher/root.json",
      visit,
    );
    expect(rebuilt, rebuilt.stderr + rebuilt.stdout).toMatchObject({ exit: 0 });
    const ended = await auditor(
      `review end ${visit} --out @visit.json ${pinned} --report @visit.html`,
      visit,
    );
    expect(ended, ended.stderr + ended.stdout).toMatchObject({ exit: 0 });
    for (const said of ["Rebuilt during the visit", "diffSubmission", "getSources", "ROLE_REFUSED"]) {
      expect(ended.stdout).toContain(said);
    }
  });

  it("takes away a bundle and reports, and finds no alarm in the access log", async () => {
    const checkpoint = await fetch(`${publisher.origin}/log/checkpoint`);
    expect(checkpoint.status).toBe(200);
    for (const line of [
      `audit export --url URL --feed endpoint --release 2 --out @two.tar --report @export.html`,
      `audit export --url URL --feed endpoint --release 2 --out @again.tar`,
      `audit release ${tree} --rebuild --report @release.html @release.txt @release.svg`,
      `audit all ${tree} --report @all.html @all.txt`,
      `audit signatures ${tree} --from 2020-01-01 --to 2099-01-01 --report @signatures.html @signatures.txt`,
      `audit key ${tree} @publisher/keys/publisher-chain.pem --report @key.html @key.txt`,
      `audit policy ${tree} --policy @publisher/policy.json --report @policy.html @policy.txt`,
      `audit log ${tree} --report @log.html @log.txt`,
      "access check --key @publisher/access-log-key.txt --log-policy @publisher/log-policy.txt",
    ]) {
      const done = await auditor(line);
      expect(done, line + done.stderr + done.stdout).toMatchObject({ exit: 0 });
    }
    expect(readFileSync(at("two.tar")).equals(readFileSync(at("again.tar")))).toBe(true);
    const wide = ["release", "all", "signatures", "key", "policy", "log"].flatMap((name) =>
      readFileSync(at(`${name}.txt`), "utf8")
        .split("\n")
        .filter((line) => line.length > 100),
    );
    expect(wide).toEqual([]);
    for (const name of ["release", "all", "signatures", "key", "policy", "visit", "export"]) {
      expect(readFileSync(at(`${name}.html`), "utf8")).toContain('class="chain"');
    }
  });
});

describe("an auditor who asks what others have seen", () => {
  /** A witness of somebody's, as a process that was shown this checkpoint. */
  async function witnessOf(name: string, checkpoint: string): Promise<{ url: string; running: Running }> {
    const vkey = /^log (\S+)/m.exec(readFileSync(at("publisher/log-policy.txt"), "utf8"))?.[1] as string;
    const data = at(`witness-${name}`);
    const made = await rulemint([
      "witness",
      "init",
      "--data",
      data,
      "--name",
      `w.example/${name}`,
      "--log",
      vkey,
    ]);
    expect(made, made.stderr).toMatchObject({ exit: 0 });
    const running = new Running(["witness", "serve", "--data", data, "--listen", "127.0.0.1:0"]);
    const [, url = ""] = await running.line(/listens on (http:\S+)/);
    const { text, signatures } = parseNote(utf8Bytes(checkpoint));
    const own = { text, signatures: signatures.slice(0, 1) };
    const body = formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: own });
    expect((await fetch(`${url}/add-checkpoint`, { method: "POST", body })).status).toBe(200);
    return { url, running };
  }

  /** The log's own key under another history. */
  async function forked(checkpoint: string): Promise<string> {
    const passphrase = readFileSync(at("publisher/keys/passphrase"), "utf8").trim();
    const path = at("publisher/keys/log.key");
    const signer = await openWebCryptoSigner({ path, passphrase, scheme: "ed25519" });
    const [{ name, keyID }] = parseNote(utf8Bytes(checkpoint)).signatures as [NoteSignature];
    const { origin, size } = parseCheckpoint(parseNote(utf8Bytes(checkpoint)).text);
    const text = formatCheckpoint({ origin, size, root: new Uint8Array(32).fill(7), extensions: [] });
    const signature = await signer.sign(utf8Bytes(text));
    await signer.close();
    return Buffer.from(formatNote({ text, signatures: [{ name, keyID, signature }] })).toString("utf8");
  }

  it("is told that a witness saw the same, that another is behind, and convicts a log of two histories", async () => {
    const now = await (await fetch(`${publisher.origin}/log/checkpoint`)).text();
    const lie = await forked(now);
    writeFileSync(at("lie"), lie);
    const views: [string, string, number, string][] = [
      ["same", now, 0, "and the log continues them"],
      ["behind", early, 0, "and the log continues them"],
      ["forked", lie, 1, "REFUSED LOG_FORK"],
    ];
    for (const [name, checkpoint, exit, said] of views) {
      const { url, running } = await witnessOf(name, checkpoint);
      const done = await auditor(`audit log ${tree} --witness ${url} --checkpoint @early`);
      expect([name, done.exit, done.stdout]).toEqual([name, exit, expect.stringContaining(said)]);
      expect(done.stdout).toContain(`Seen by ${url}`);
      await running.stop();
    }
    const kept = await auditor(`audit log ${tree} --checkpoint @early @lie`);
    expect([kept.exit, kept.stdout]).toEqual([1, expect.stringContaining("REFUSED LOG_FORK")]);
    expect(kept.stdout).toContain("Seen by early: proven");
  });

  it("finds openings that an insider took out of the access log, and those that he changed", async () => {
    const change = (sql: string) => {
      const openings = new SQLite(at("publisher/access-log/openings.sqlite"), { timeout: 10_000 });
      openings.prepare(`${sql} and collection = 'openings'`).run();
      openings.close();
    };
    change("delete from record where id = '000000000003'");
    change("update record set body = replace(body, 'analyst', 'nobody') where body like '%analyst%'");
    const done = await auditor(
      "access check --key @publisher/access-log-key.txt --log-policy @publisher/log-policy.txt",
    );
    expect(done.exit).toBe(1);
    expect(done.stdout).toContain("ALARM ACCESS_OPENING_MISSING at 3");
    expect(done.stdout).toContain("ALARM ACCESS_OPENING_MISMATCH at");
  });
});

describe("what an auditor took away, with the service gone and no network", () => {
  beforeAll(() => publisher.stop());

  it("is a protocol that holds", () => {
    const { status, stdout } = offline(`review verify @visit.json ${pinned}`);
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining("Verdict: The service signed this protocol"),
    ]);
  });

  it("is a bundle that holds, compiled again", () => {
    const { status, stdout } = offline("audit verify @two.tar --root @publisher/root.json --rebuild");
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining("was proven, from this file and the pinned root"),
    ]);
  });

  it("is a bundle that holds by its own page of commands, with strangers' tools", () => {
    mkdirSync(at("unpacked"));
    execFileSync("tar", ["-xf", at("two.tar"), "-C", at("unpacked")]);
    const page = readFileSync(at("unpacked/COMMANDS.md"), "utf8");
    const [names = "", ...lines] = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(
      ([, line]) => line as string,
    );
    const said = lines.map((line) =>
      execFileSync("bash", ["-euo", "pipefail", "-c", names + line], {
        cwd: at("unpacked"),
        encoding: "utf8",
      }),
    );
    expect(said.join("")).toMatch(/^entry \d+ of \d+ in \S+, cosigned by .*\S$/m);
    expect(said.join("")).toMatch(/^PASSED RULEMINT_REBUILT by [0-9a-f]{64}$/m);
    const script = at("unpacked/audit/log.py");
    const evidence = at("unpacked/public/evidence/endpoint/2.json");
    const run = () => spawnSync("bash", ["-c", `${names} python3 ${script}`], { cwd: at("unpacked") }).status;
    expect(run()).toBe(0);
    const sound = readFileSync(evidence, "utf8");
    execFileSync("sed", ["-i", "s/databaseSha256../&0/", evidence]);
    expect([readFileSync(evidence, "utf8") === sound, run()]).toEqual([false, 1]);
  });

  it.runIf(haveChromium && existsSync("/usr/bin/pdftotext"))("prints as documents", async () => {
    const browser = await launch();
    try {
      for (const name of ["release", "all", "signatures", "key", "policy", "visit", "export", "log"]) {
        const page = await browser.newPage();
        await page.goto(`file://${at(`${name}.html`)}`);
        const overflow = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect([name, overflow]).toEqual([name, 0]);
        await page.pdf({ path: at(`${name}.pdf`), preferCSSPageSize: true });
        await page.close();
        const text = execFileSync("pdftotext", ["-layout", at(`${name}.pdf`), "-"], { encoding: "utf8" });
        const pages = text.split("\f").length - 1;
        expect(text).toMatch(new RegExp(`1 ?/ ?${pages}\\b`));
        for (const said of ["Rulemint audit report", "Proven", "Auditor", "Signature"])
          expect(text).toContain(said);
      }
    } finally {
      await browser.close();
    }
  });
});
