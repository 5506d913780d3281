/** People of an identity provider at the service's door, with a real provider as the peer. */
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOpenIDProvider } from "../../src/adapters/identity/openid.js";
import { audience, clientID, startProvider, type TestProvider } from "../support/identity-provider.js";
import { openService, type TestService } from "../support/service.js";

let provider: TestProvider;
let service: TestService;

beforeAll(async () => {
  provider = await startProvider();
  const { issuer } = provider;
  const rules = {
    ...{ namePrefix: "oidc:", nameClaim: "sub", rolesClaim: "roles" },
    roles: { analyst: ["av-analysts"], "release-manager": ["av-managers", "av-chiefs"] },
  };
  const clock = { now: () => new Date() };
  const settings = { issuer, audience, tokenMinutesMax: 60, tokenType: "at+jwt", clock } as const;
  service = await openService({
    wrap: () => ({
      people: {
        rules,
        provider: openOpenIDProvider(settings),
        login: { issuer, audience, clientID, scopes: ["openid"] },
      },
    }),
  });
});
afterAll(async () => {
  await service.close();
  await provider.close();
});

function ask(token: string, path = "/v1/whoami", init: RequestInit = {}): Promise<Response> {
  return fetch(service.origin + path, {
    ...init,
    headers: { ...init.headers, Authorization: `Bearer ${token}` },
  });
}

describe("people of an identity provider", () => {
  it("are told where to log in, without a token", async () => {
    const response = await fetch(`${service.origin}/.well-known/oauth-protected-resource`);
    expect(await response.json()).toMatchObject({
      ...{ resource: audience, authorization_servers: [provider.issuer], rulemint_client_id: clientID },
    });
  });

  it("have name and roles of their token, and no others", async () => {
    const token = await provider.machineToken();
    expect(await (await ask(token)).json()).toEqual({ name: "oidc:ci", roles: ["analyst"] });
    expect((await ask(token, "/v1/submissions")).status).toBe(200);
    const build = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    const refused = await ask(token, "/v1/feeds/endpoint/releases", build);
    expect(await refused.json()).toMatchObject({ status: 403, code: "ROLE_REFUSED" });
  });

  it.each([
    ["one of several groups", ["av-chiefs"], ["release-manager"]],
    ["words", "av-analysts av-chiefs", ["analyst", "release-manager"]],
    ["a role that no group has", ["auditor", "overseer"], []],
    ["an object", { "av-analysts": true }, []],
    ["part of a name", ["av-analysts-former"], []],
    ["nothing", undefined, []],
  ])("SPEC §17.10.2 %s in the claim gives what was configured", async (_, said, roles) => {
    const token = await provider.signed({ roles: said });
    expect(await (await ask(token)).json()).toEqual({ name: "oidc:ann", roles });
  });

  const past = Math.floor(Date.now() / 1000) - 3600;
  it.each([
    ["for another service", { aud: "https://elsewhere.example" }, {}],
    ["for a client", { aud: clientID }, {}],
    ["of another issuer", { iss: "https://elsewhere.example" }, {}],
    ["that is over", { iat: past - 600, exp: past }, {}],
    ["that is not valid yet", { nbf: past + 7200 }, {}],
    ["without an end", { exp: undefined }, {}],
    ["with a long life", { exp: past + 90 * 86_400 }, {}],
    ["without a subject", { sub: undefined }, {}],
    ["with a name that steers a terminal", { sub: "ann\u001b[2J" }, {}],
    ["that is an ID token", {}, { typ: "JWT" }],
    ["of no type", {}, { typ: undefined }],
    ["of an unknown key", {}, { kid: "k2" }],
  ])("SPEC §17.10.1 refuses a token %s", async (_, change, header) => {
    const response = await ask(await provider.signed(change, header));
    expect(await response.json()).toMatchObject({ status: 401, code: "TOKEN_REFUSED" });
  });

  it("SPEC §17.10.1 refuses what the provider did not sign: another key, a bent token, none, a shared secret", async () => {
    const token = await provider.signed();
    const [header = "", claims = "", signature = ""] = token.split(".");
    const none = `${btoa('{"alg":"none","typ":"at+jwt"}').replace(/=+$/, "")}.${claims}.AA`;
    const bent = `${header}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const { privateKey } = await generateKeyPair("ES256");
    const claimed = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))) as Record<string, unknown>;
    const protectedHeader = { alg: "ES256", kid: "k1", typ: "at+jwt" };
    const foreign = await new SignJWT(claimed).setProtectedHeader(protectedHeader).sign(privateKey);
    const secret = new TextEncoder().encode("a shared secret that is long enough for HS256");
    const shared = await new SignJWT(claimed)
      .setProtectedHeader({ ...protectedHeader, alg: "HS256" })
      .sign(secret);
    expect((await ask(token)).status).toBe(200);
    for (const forged of [none, bent, foreign, shared]) expect((await ask(forged)).status).toBe(401);
  });

  it("SPEC §17.10.3 make no tokens of the service", async () => {
    const body = JSON.stringify({ label: "mine", days: 3 });
    const headers = { "Content-Type": "application/json" };
    const response = await ask(await provider.signed(), "/v1/tokens", { method: "POST", headers, body });
    expect(await response.json()).toMatchObject({ status: 403, code: "ROLE_REFUSED" });
  });

  it("are told that the provider is away; tokens of the service go on", async () => {
    const { issuer } = provider;
    const clock = { now: () => new Date() };
    const away = openOpenIDProvider({
      ...{ issuer: "http://127.0.0.1:1", audience, tokenMinutesMax: 60, tokenType: "at+jwt", clock },
    });
    await expect(away.prove(await provider.signed())).rejects.toMatchObject({ code: "FETCH_FAILED" });
    const other = openOpenIDProvider({
      ...{ issuer: `${issuer}/`, audience, tokenMinutesMax: 60, tokenType: "at+jwt", clock },
    });
    await expect(other.prove(await provider.signed())).rejects.toMatchObject({ code: "FETCH_FAILED" });
    expect((await service.call("GET", "/v1/whoami", { as: "analyst" })).status).toBe(200);
  });
});
