/**
 * An auditor with a running service: a visit with sources, a rebuild and its protocol; a bundle; reports that print. Then the service
 * is gone, and so is the network: everything that was taken away still proves itself, to our program and to strangers' tools.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveChromium, launch } from "../browser/browser.js";
import { cliPath, indicators, PublisherProcess, type Ran, rulemint } from "../faults/publisher-process.js";

let folder: string;
let publisher: PublisherProcess;
let visit: string;
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
  await publisher.addRules("hosts", { "hosts.txt": indicators(1, 200) });
  await publisher.release(2);
}, 180_000);
afterAll(async () => {
  await publisher.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("an auditor who comes to see", () => {
  it("reads sources, changes and builds in a visit, and changes nothing", { timeout: 120_000 }, async () => {
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

  it("compiles a release again on the spot, and takes away the signed protocol", {
    timeout: 120_000,
  }, async () => {
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

  it("takes away a bundle and reports, and finds no alarm in the access log", {
    timeout: 120_000,
  }, async () => {
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

  it.runIf(haveChromium && existsSync("/usr/bin/pdftotext"))(
    "prints as documents",
    { timeout: 120_000 },
    async () => {
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
    },
  );
});
