/**
 * Access tokens of an OpenID Connect provider, checked by `jose`: a signature by a key that the provider publishes, an algorithm that
 * is asymmetric, this issuer, this audience, not over, and not for longer than we allow. Keys come from its discovery document, once.
 */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { OperationError, PolicyError, quote, RulemintError } from "../../core/errors.js";
import type { Clock } from "../../ports/clock.js";
import type { IdentityProvider, ProvenClaims } from "../../ports/identity-provider.js";

export interface OpenIDOptions {
  readonly issuer: string;
  /** What the tokens must be for: a token for another service is none for us. */
  readonly audience: string;
  readonly tokenMinutesMax: number;
  readonly tokenType: "at+jwt" | "any-jwt";
  readonly clock: Clock;
}

const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const clockToleranceSeconds = 30;
const timeoutMs = 5_000;
const documentBytesMax = 256 * 1024;

export function openOpenIDProvider(options: OpenIDOptions): IdentityProvider {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const getKeys = () => {
    keys ??= discoverKeys(options.issuer).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };
  return { prove: async (token) => prove(token, await getKeys(), options) };
}

async function prove(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, audience, tokenMinutesMax, tokenType, clock }: OpenIDOptions,
): Promise<ProvenClaims> {
  try {
    // SPEC §17.10.1: by a key that the provider publishes now, of this issuer, for us, and neither over nor early.
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      ...{ issuer, audience, algorithms, clockTolerance: clockToleranceSeconds },
      currentDate: clock.now(),
      requiredClaims: ["sub", "exp", "iat"],
    });
    // An ID token says who somebody is to a client; it is no key to an interface (RFC 9068 §2.1).
    if (tokenType === "at+jwt" && !/^(application\/)?at\+jwt$/i.test(protectedHeader.typ ?? ""))
      throw refused("a token for interfaces");
    const { sub, exp, iat } = payload;
    if (typeof sub !== "string" || sub === "") throw refused("a subject");
    if ((exp as number) - (iat as number) > tokenMinutesMax * 60) throw refused("a shorter life");
    return { ...payload, sub };
  } catch (cause) {
    if (cause instanceof RulemintError) throw cause;
    if (isAway(cause)) throw unreachable(issuer, cause);
    if (cause instanceof errors.JOSEError) throw refused("one that the identity provider gave out", cause);
    throw cause;
  }
}

/** OpenID Connect Discovery 1.0 §4.3: the document must be of the issuer that we asked. */
async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  let document: { issuer?: unknown; jwks_uri?: unknown };
  try {
    const response = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    if (!response.ok || text.length > documentBytesMax) throw new Error(`status ${response.status}`);
    document = JSON.parse(text) as typeof document;
  } catch (cause) {
    throw unreachable(issuer, cause);
  }
  if (document.issuer !== issuer || typeof document.jwks_uri !== "string") {
    throw unreachable(issuer, new Error(`a document of ${quote(String(document.issuer))}`));
  }
  return createRemoteJWKSet(new URL(document.jwks_uri), {
    timeoutDuration: timeoutMs,
    cooldownDuration: 30_000,
  });
}

/** `jose` reports an unknown key as such; whatever else happens on the way to the keys is the world. */
function isAway(cause: unknown): boolean {
  if (cause instanceof errors.JWKSTimeout) return true;
  if (cause instanceof TypeError && cause.message === "fetch failed") return true;
  return (
    cause instanceof errors.JOSEError &&
    /^Expected 200 OK|Failed to parse the JSON Web Key Set/.test(cause.message)
  );
}

function unreachable(issuer: string, cause: unknown): OperationError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new OperationError("FETCH_FAILED", `expected the keys of ${quote(issuer)}, got ${quote(said)}`, {
    cause,
  });
}

/** The same answer for all of them: a forger learns nothing. */
function refused(expected: string, cause?: unknown): PolicyError {
  return new PolicyError("TOKEN_REFUSED", "expected a known token, got another", {
    cause: cause ?? new Error(`expected ${expected}`),
  });
}
