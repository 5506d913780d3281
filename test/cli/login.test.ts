/** `rulemint login` as somebody runs it: a real provider, the built program, a browser's part played by hand. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOpenIDProvider } from "../../src/adapters/identity/openid.js";
import { cliPath, rulemint } from "../faults/publisher-process.js";
import { logInAs } from "../support/browser-login.js";
import { audience, clientID, startProvider, type TestProvider } from "../support/identity-provider.js";
import { openService, type TestService } from "../support/service.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let provider: TestProvider;
let service: TestService;

beforeAll(async () => {
  folder = await temporaryFolder();
  provider = await startProvider();
  const { issuer } = provider;
  const clock = { now: () => new Date() };
  const rules = {
    namePrefix: "oidc:",
    nameClaim: "sub",
    rolesClaim: "roles",
    roles: { analyst: ["av-analysts"] },
  };
  const login = { issuer, audience, clientID, scopes: ["openid", "offline_access"] };
  const of = openOpenIDProvider({ issuer, audience, tokenMinutesMax: 60, tokenType: "at+jwt", clock });
  service = await openService({ wrap: () => ({ people: { rules, provider: of, login } }) });
});
afterAll(async () => {
  await service.close();
  await provider.close();
  await folder.remove();
});

const environment = () => ({ XDG_CONFIG_HOME: folder.path, RULEMINT_SERVER: "", RULEMINT_TOKEN: "" });
const run = (...words: string[]) => rulemint(words, environment());
const file = () => join(folder.path, "rulemint/contexts.json");

/** Runs the login and plays the browser. */
async function logIn(person: string, context: string, answer = logInAs) {
  const words = [
    cliPath,
    "login",
    "--server",
    service.origin,
    "--context",
    context,
    "--no-browser",
    "--json",
  ];
  const child = spawn(process.execPath, words, { env: { ...process.env, ...environment() } });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
  });
  const closed = once(child, "close") as Promise<[number]>;
  for await (const line of createInterface({ input: child.stderr })) {
    const address = /^open (http\S+)/.exec(line)?.[1];
    if (address !== undefined) await answer(person, address);
  }
  return { exit: (await closed)[0], stdout };
}

describe("rulemint login", () => {
  it("logs in by browser with PKCE, and the commands that follow need neither address nor token", async () => {
    const before = await run("submission", "list");
    expect(before).toMatchObject({ exit: 2 });
    const done = await logIn("ann", "work");
    expect(done, done.stdout).toMatchObject({ exit: 0 });
    expect(JSON.parse(done.stdout)).toMatchObject({ context: "work", name: "oidc:ann", roles: ["analyst"] });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(await run("submission", "list")).toMatchObject({ exit: 0 });
    const rules = join(folder.path, "more.txt");
    writeFileSync(rules, "one.example.com\n");
    const words = ["--ruleset", "hosts", "--kind", "ioc", rules, "--json"];
    const sent = await run("submission", "create", ...words);
    expect(JSON.parse(sent.stdout)).toMatchObject({ author: "oidc:ann" });
  });

  it("asks with a challenge and a state, and takes no answer without them", async () => {
    let asked = new URL("http://127.0.0.1");
    const done = await logIn("ann", "forged", async (_, address) => {
      asked = new URL(address);
      const callback = new URL(asked.searchParams.get("redirect_uri") as string);
      callback.search = "?code=stolen&state=another";
      return (await fetch(callback)).text();
    });
    expect(asked.searchParams.get("code_challenge_method")).toBe("S256");
    expect(done.exit).toBe(1);
    expect(done.stdout).toContain("TOKEN_REFUSED");
    expect(readFileSync(file(), "utf8")).not.toContain("forged");
  });

  it("renews a token that is about to end", async () => {
    const kept = JSON.parse(readFileSync(file(), "utf8")) as { contexts: { work: Record<string, unknown> } };
    const { token } = kept.contexts.work;
    kept.contexts.work.expiresAt = new Date(Date.now() - 1000).toISOString();
    writeFileSync(file(), JSON.stringify(kept));
    expect(await run("submission", "list")).toMatchObject({ exit: 0 });
    const after = JSON.parse(readFileSync(file(), "utf8")) as typeof kept;
    expect(after.contexts.work.token).not.toBe(token);
  });

  it("sends a token to the service that it is for, and to no other", async () => {
    const elsewhere = await run("submission", "list", "--server", "http://127.0.0.1:1");
    expect(elsewhere).toMatchObject({ exit: 2 });
    expect(elsewhere.stderr).toContain("expected a token");
  });

  it("keeps a token of the service too, tells contexts apart, and forgets them", async () => {
    const tokenFile = join(folder.path, "reviewer.token");
    writeFileSync(tokenFile, `${service.tokens.reviewer}\n`);
    const words = ["login", "--server", service.origin, "--context", "other", "--token-file", tokenFile];
    expect(await run(...words)).toMatchObject({ exit: 0 });
    const list = await run("context", "list", "--json");
    expect(JSON.parse(list.stdout)).toMatchObject([
      { name: "work", current: false },
      { name: "other", current: true },
    ]);
    expect(list.stdout).not.toContain(service.tokens.reviewer);
    expect(await run("context", "use", "work")).toMatchObject({ exit: 0 });
    expect(await run("logout", "--context", "other")).toMatchObject({ exit: 0 });
    expect(readFileSync(file(), "utf8")).not.toContain(service.tokens.reviewer);
    expect(await run("context", "use", "other")).toMatchObject({ exit: 1 });
  });
});
