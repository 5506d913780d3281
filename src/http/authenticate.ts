/**
 * Finds the identity behind `Authorization: Bearer TOKEN` (RFC 6750 §2.1) before anything else of a request
 * is read.
 */
import type { RequestHandler, Response } from "express";
import type { ServiceContext } from "../services/context.js";
import { claimedIdentity } from "../services/claimed-identity.js";
import { authenticateToken } from "../services/authenticate-token.js";
import { tokenID } from "../services/create-token.js";
import type { Identity } from "../services/model.js";

const jwtPattern = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export function authenticate(context: ServiceContext): RequestHandler {
  return async (request, response, next) => {
    const header = request.get("Authorization") ?? "";
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1];
    response.locals.identity = await identify(context, token);
    response.locals.tokenID = await tokenID(token ?? "");
    next();
  };
}

/** Tokens of this service have no dot; those of a provider have two (RFC 7519 §3). */
async function identify(context: ServiceContext, token: string | undefined): Promise<Identity> {
  const { people } = context;
  if (people === undefined || token === undefined || !jwtPattern.test(token)) {
    return authenticateToken(context, token);
  }
  return claimedIdentity(await people.provider.prove(token), people.rules);
}

/** Only behind `authenticate`. */
export function identityOf(response: Response): Identity {
  return response.locals.identity as Identity;
}

/** Digest of the token in hand. Only behind `authenticate`. */
export function tokenIDOf(response: Response): string {
  return response.locals.tokenID as string;
}
