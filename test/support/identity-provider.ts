/**
 * A real OpenID Connect provider, `oidc-provider`, with two people, a public client for `rulemint login` and a machine's client. Its
 * signing key is in our hands, so that tests can also make what it would never give out.
 */
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import Provider from "oidc-provider";
import { listen, stop } from "./listen.js";

export const audience = "https://rulemint.example/api";
export const clientID = "rulemint-cli";
const machine = { id: "ci", secret: "a secret of the machine" };
/** By login. */
const groups: Readonly<Record<string, readonly string[]>> = {
  ann: ["av-analysts"],
  mia: ["av-managers", "others"],
  [machine.id]: ["av-analysts"],
};

export interface TestProvider {
  readonly issuer: string;
  /** By the flow for machines. */
  machineToken(): Promise<string>;
  /** Signed by the provider's own key. */
  signed(change?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

export async function startProvider(): Promise<TestProvider> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: "k1", alg: "ES256", use: "sig" };
  let handle: ReturnType<Provider["callback"]> = (_request, response) => void response.end();
  const { server, origin } = await listen((request, response) => handle(request, response));
  const provider = new Provider(origin, {
    jwks: { keys: [key] },
    clients: [publicClient, { ...machineClient, client_id: machine.id, client_secret: machine.secret }],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
    pkce: { required: () => true },
    cookies: { keys: ["a key for cookies"] },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_context: unknown, token: { accountId?: string; clientId: string }) => ({
      roles: groups[token.accountId ?? token.clientId] ?? [],
    }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => resourceServer,
        useGrantedResource: () => true,
      },
    },
  });
  handle = provider.callback();
  return {
    issuer: origin,
    machineToken: () => askToken(origin),
    signed: (change = {}, header = {}) => sign(privateKey, origin, change, header),
    close: () => stop(server),
  };
}

const publicClient = {
  client_id: clientID,
  application_type: "native",
  token_endpoint_auth_method: "none",
  redirect_uris: ["http://127.0.0.1/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};
const machineClient = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
const resourceServer = {
  scope: "",
  audience,
  accessTokenFormat: "jwt",
  accessTokenTTL: 600,
  jwt: { sign: { alg: "ES256" } },
};

async function askToken(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${machine.id}:${encodeURIComponent(machine.secret)}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource: audience }),
  });
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

function sign(key: CryptoKey, issuer: string, change: JWTPayload, header: Readonly<Record<string, unknown>>) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: "ann",
    iat: now,
    exp: now + 600,
    roles: groups.ann,
    ...change,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "at+jwt", ...header })
    .sign(key);
}
