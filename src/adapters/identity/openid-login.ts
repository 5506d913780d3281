/**
 * A login by browser for a program on the person's own machine (RFC 8252): authorization code with PKCE, an answer to a port of loopback that is
 * open for this one answer. By `openid-client`.
 */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as client from "openid-client";
import { OperationError, PolicyError, quote } from "../../core/errors.js";

export interface LoginPlace {
  readonly issuer: string;
  readonly clientID: string;
  readonly audience: string;
}

export interface GivenTokens {
  readonly token: string;
  readonly expiresAt: string | null;
  readonly refreshToken: string | null;
}

const patienceMs = 300_000;
const loopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/;

/** `open` shows the address to the person. @throws PolicyError TOKEN_REFUSED when the person or the provider says no; OperationError FETCH_FAILED */
export async function logInByBrowser(
  place: LoginPlace & { readonly scopes: readonly string[] },
  open: (address: URL) => void,
): Promise<GivenTokens> {
  const found = await discover(place);
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const redirect = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
    const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()];
    open(
      client.buildAuthorizationUrl(found, {
        ...{ redirect_uri: redirect, scope: place.scopes.join(" "), state, resource: place.audience },
        ...{
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        },
        ...(place.scopes.includes("offline_access") && { prompt: "consent" }),
      }),
    );
    const answer = await firstAnswer(server, redirect);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    return await given(client.authorizationCodeGrant(found, answer, checks, { resource: place.audience }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** @throws PolicyError TOKEN_REFUSED when a new login is needed; OperationError FETCH_FAILED */
export async function renewTokens(place: LoginPlace, refreshToken: string): Promise<GivenTokens> {
  const found = await discover(place);
  const tokens = await given(client.refreshTokenGrant(found, refreshToken, { resource: place.audience }));
  return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
}

async function discover({ issuer, clientID }: LoginPlace): Promise<client.Configuration> {
  const insecure = loopback.test(`${issuer}/`) ? { execute: [client.allowInsecureRequests] } : {};
  try {
    return await client.discovery(new URL(issuer), clientID, undefined, client.None(), insecure);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError(
      "FETCH_FAILED",
      `expected the identity provider ${quote(issuer)}, got ${quote(said)}`,
      {
        cause,
      },
    );
  }
}

/** The first request for the address that we gave; whatever else comes by is turned away. */
function firstAnswer(server: Server, redirect: string): Promise<URL> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new PolicyError("TOKEN_REFUSED", "expected a login within five minutes, got none"));
    }, patienceMs);
    server.on("request", (request, response) => {
      const address = new URL(request.url ?? "/", redirect);
      if (address.pathname !== "/callback" || request.method !== "GET") {
        response.writeHead(404).end();
        return;
      }
      clearTimeout(timer);
      response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
      response.end("rulemint has its answer. You may close this page.\n", () => resolve(address));
    });
  });
}

async function given(grant: Promise<client.TokenEndpointResponse & client.TokenEndpointResponseHelpers>) {
  try {
    const tokens = await grant;
    const seconds = tokens.expiresIn();
    return {
      token: tokens.access_token,
      expiresAt: seconds === undefined ? null : new Date(Date.now() + seconds * 1000).toISOString(),
      refreshToken: tokens.refresh_token ?? null,
    };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new PolicyError("TOKEN_REFUSED", `expected a token of the identity provider, got ${quote(said)}`, {
      cause,
    });
  }
}
