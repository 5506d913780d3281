/** The HSM (SoftHSM2) goes away in the middle of a release, comes back, or is asked with a wrong PIN: through the running service. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Release } from "../../src/cli/api-client.js";
import { haveSoftHSM, softHSMModule } from "../adapters/signer/softhsm.js";
import { temporaryFolder } from "../support/temporary.js";
import { feed, inState, indicators, PublisherProcess } from "./publisher-process.js";

/** A PKCS#11 library that hands every call on and writes it down. */
const spy = "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so";
if (!existsSync(spy)) console.warn("opensc is not installed: logins to the token are not counted");

const pin = "246810";
let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let tokens = "";
let number = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  if (!haveSoftHSM) return;
  tokens = join(folder.path, "tokens");
  mkdirSync(tokens);
  const configuration = join(folder.path, "softhsm2.conf");
  writeFileSync(configuration, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`);
  const environment = {
    SOFTHSM2_CONF: configuration,
    PKCS11SPY: softHSMModule,
    PKCS11SPY_OUTPUT: join(folder.path, "spy.log"),
  };
  const words = ["--init-token", "--free", "--label", "publisher", "--so-pin", "12345678", "--pin", pin];
  execFileSync("softhsm2-util", words, { env: { ...process.env, ...environment }, stdio: "ignore" });
  writeFileSync(join(folder.path, "pin"), `${pin}\n`);
  publisher = new PublisherProcess(folder.path, environment);
  const library = existsSync(spy) ? spy : softHSMModule;
  const token = ["--pkcs11-module", library, "--token-label", "publisher", "--pin-file", pinFile()];
  await publisher.init("--signer", "pkcs11", ...token);
  await publisher.start();
});
afterAll(async () => {
  await publisher?.stop("SIGKILL");
  await folder.remove();
});

const pinFile = () => join(folder.path, "pin");

function takeTokenAway(): void {
  renameSync(tokens, `${tokens}.away`);
}

function bringTokenBack(): void {
  rmSync(tokens, { recursive: true, force: true });
  renameSync(`${tokens}.away`, tokens);
}

/** How often the token has been asked to accept a PIN. */
function logins(): number {
  if (!existsSync(spy)) return Number.NaN;
  const log = readFileSync(join(folder.path, "spy.log"), "latin1");
  return (log.match(/^\d+: C_Login$/gm) ?? []).length;
}

const waits = (code: string) => (one: Release) => one.waitingFor?.startsWith(`${code}: `) === true;

/** Approved rules and a release of them, on its way. */
async function begin(): Promise<number> {
  await publisher.addRules("hosts", { "a.txt": indicators(++number, 200) });
  return (await publisher.build()).release;
}

async function finish(release: number): Promise<void> {
  await publisher.reaches(release, inState("signed"));
  expect(await publisher.assay()).toMatchObject({ exit: 0 });
  await publisher.publish(release);
  expect(await publisher.reaches(release, inState("published"))).toMatchObject({ waitingFor: null });
}

describe.runIf(haveSoftHSM)("a release whose HSM", () => {
  it("is gone before the manifest is signed waits, says so, and goes on when it is back", async () => {
    takeTokenAway();
    const release = await begin();
    const stuck = await publisher.reaches(release, waits("SIGNER_UNAVAILABLE"));
    expect(stuck).toMatchObject({ state: "built", retry: { attempts: 1 } });
    const shown = await publisher.cli("auditor", "release", "show", "--feed", feed);
    expect(shown.stdout).toMatch(/^state +built\nwaiting for +SIGNER_UNAVAILABLE: /m);
    bringTokenBack();
    await finish(release);
  });

  it("is gone before the seal waits, and nobody signs or asks again", async () => {
    const release = await begin();
    await publisher.reaches(release, inState("signed"));
    await publisher.assay();
    takeTokenAway();
    mkdirSync(tokens);
    const asked = await publisher.cli("release-manager", "release", "publish", "--feed", feed, "--no-wait");
    expect(asked.exit).toBe(0);
    const stuck = await publisher.reaches(release, waits("SIGNER_UNAVAILABLE"));
    expect(stuck).toMatchObject({ state: "assayed", manifestCmsSha256: null });
    bringTokenBack();
    expect(await publisher.reaches(release, inState("published"))).toMatchObject({
      waitingFor: null,
      verdicts: stuck.verdicts,
      publication: stuck.publication,
    });
  });

  it("is gone when the service starts does not keep it from starting", async () => {
    await publisher.stop();
    takeTokenAway();
    await publisher.start();
    const release = await begin();
    await publisher.reaches(release, waits("SIGNER_UNAVAILABLE"));
    bringTokenBack();
    await finish(release);
  });
});

describe.runIf(haveSoftHSM)("a wrong PIN", () => {
  it("is tried once at the start, and named", async () => {
    await publisher.stop();
    writeFileSync(pinFile(), "000000\n");
    const before = logins();
    await expect(publisher.start()).rejects.toThrowError(/exit 1\n(.*\n)*error: SIGNER_PIN: /);
    expect(logins() - before).toBe(existsSync(spy) ? 1 : Number.NaN);
  });

  it("of a running service is tried once, makes the release wait for a person, and never again by itself", async () => {
    takeTokenAway();
    await publisher.start();
    bringTokenBack();
    const before = logins();
    const release = await begin();
    const stuck = await publisher.reaches(release, waits("SIGNER_PIN"));
    expect(stuck).toMatchObject({ state: "built", retry: null });
    const built = await publisher.cli("release-manager", "release", "show", "--feed", feed, "--json");
    expect(JSON.parse(built.stdout)).toMatchObject({ retry: null });
    // Whatever wakes the service meanwhile: the token is not asked again.
    await publisher.addRules("other", { "b.txt": indicators(900, 10) });
    await publisher.build().catch((error: unknown) => expect(error).toMatchObject({ code: "RELEASE_STATE" }));
    expect(await publisher.show(release)).toEqual(stuck);
    expect(logins() - before).toBe(existsSync(spy) ? 1 : Number.NaN);

    writeFileSync(pinFile(), `${pin}\n`);
    await publisher.stop();
    await publisher.start();
    await finish(release);
  });
});
