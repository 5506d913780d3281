/** Logins and contexts put together: the file in the person's own folder, the browser, the identity provider. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type KeptContext, readContexts, writeContexts } from "../adapters/contexts/file.js";
import { logInByBrowser, renewTokens } from "../adapters/identity/openid-login.js";
import { createAPIClient } from "../cli/api-client.js";
import type { LoginOptions, UsedContext } from "../cli/context-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { formatTable } from "../cli/figures.js";
import { quote, UsageError } from "../core/errors.js";

const renewBeforeMs = 30_000;

function contextsPath(): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "rulemint", "contexts.json");
}

export async function login(options: LoginOptions, progress: Progress): Promise<Report> {
  const server = new URL(options.server).href.replace(/\/+$/, "");
  const kept =
    options.tokenFile === undefined ? await byBrowser(server, options, progress) : byFile(server, options);
  const { name, roles } = await createAPIClient(server, kept.token).whoAmI();
  const context = options.context ?? new URL(server).host;
  const before = await readContexts(contextsPath());
  const contexts = { ...before.contexts, [context]: kept };
  await writeContexts(contextsPath(), { schema: 1, current: context, contexts });
  const json = { context, server, name, roles, expiresAt: kept.expiresAt };
  const text = `You are ${name} at ${server}: ${roles.join(", ") || "no role"}. Commands use it from now on, as context ${context}.`;
  return { ok: true, json, text };
}

function byFile(server: string, { tokenFile = "" }: LoginOptions): KeptContext {
  return { server, token: readFileSync(tokenFile, "utf8").trim(), expiresAt: null, renewal: null };
}

async function byBrowser(
  server: string,
  { browser }: LoginOptions,
  progress: Progress,
): Promise<KeptContext> {
  const place = await createAPIClient(server, "none").getLogin();
  const { authorization_servers: servers, resource: audience, rulemint_client_id: clientID } = place;
  const [issuer] = servers;
  if (issuer === undefined || clientID === undefined) {
    throw new UsageError(
      "USAGE",
      "expected a service with logins by browser, got one without: use --token-file",
    );
  }
  const given = await logInByBrowser(
    { issuer, clientID, audience, scopes: place.scopes_supported },
    (address) => {
      progress(`open ${address.href}`);
      if (browser) openBrowser(address);
    },
  );
  const { token, expiresAt, refreshToken } = given;
  const renewal = refreshToken === null ? null : { issuer, clientID, audience, token: refreshToken };
  return {
    server,
    token,
    expiresAt,
    renewal,
  };
}

/** Where there is none, the person has the printed address. */
function openBrowser(address: URL): void {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(program, [address.href], { detached: true, stdio: "ignore" });
  child.on("error", () => undefined);
  child.unref();
}

/** Renewed where it is about to end; what the provider gives in exchange is kept. */
export async function currentContext(): Promise<UsedContext | undefined> {
  const all = await readContexts(contextsPath());
  const name = process.env.RULEMINT_CONTEXT || all.current;
  if (name === null) return undefined;
  const found = all.contexts[name];
  if (found === undefined) throw unknown(name);
  const { server, token, expiresAt, renewal } = found;
  const lasts = expiresAt === null || Date.parse(expiresAt) - renewBeforeMs > Date.now();
  if (lasts || renewal === null) return { server, token };
  const fresh = await renewTokens(renewal, renewal.token);
  const next = { ...found, ...{ token: fresh.token, expiresAt: fresh.expiresAt } };
  const renewed = { ...next, renewal: { ...renewal, token: fresh.refreshToken ?? renewal.token } };
  await writeContexts(contextsPath(), { ...all, contexts: { ...all.contexts, [name]: renewed } });
  return { server, token: fresh.token };
}

export async function logout(asked: string | undefined): Promise<Report> {
  const all = await readContexts(contextsPath());
  const name = asked ?? all.current;
  if (name === null || all.contexts[name] === undefined) throw unknown(name ?? "in use");
  const contexts = Object.fromEntries(Object.entries(all.contexts).filter(([one]) => one !== name));
  const current = all.current === name ? null : all.current;
  await writeContexts(contextsPath(), { schema: 1, current, contexts });
  return { ok: true, json: { context: name }, text: `Forgot ${name} and its tokens.` };
}

export async function useContext(name: string): Promise<Report> {
  const all = await readContexts(contextsPath());
  const found = all.contexts[name];
  if (found === undefined) throw unknown(name);
  await writeContexts(contextsPath(), { ...all, current: name });
  return {
    ok: true,
    json: { context: name, server: found.server },
    text: `Commands use ${found.server} from now on.`,
  };
}

/** Never a token. */
export async function listContexts(): Promise<Report> {
  const { current, contexts } = await readContexts(contextsPath());
  const json = Object.entries(contexts).map(([name, { server, expiresAt }]) => {
    return { name, server, expiresAt, current: name === current };
  });
  const rows = json.map((one) => [one.current ? "*" : "", one.name, one.server, one.expiresAt ?? ""]);
  return { ok: true, json, text: formatTable(["", "context", "server", "token until"], rows) };
}

function unknown(name: string): UsageError {
  return new UsageError("NOT_FOUND", `expected a context that was logged in to, got ${quote(name)}`);
}
