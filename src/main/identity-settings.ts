/** The part of `rulemint.yaml` about the people of an OpenID Connect provider. */
import { z } from "zod";
import { roles } from "../services/model.js";

/** Over the open network only with TLS: whoever answers for the provider says who everybody is. */
const issuer = z
  .url()
  .refine((text) => /^https:|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${text}/`), {
    message: "expected https, or http on this machine",
  });

export const identitySettings = z
  .strictObject({
    issuer,
    /** What access tokens must be for. */
    audience: z.string().min(1),
    /** The public client (no secret, PKCE) that `rulemint login` is to the provider. Absent: no login by browser. */
    clientID: z.string().min(1).optional(),
    scopes: z.array(z.string().regex(/^\S+$/)).max(20).default(["openid", "offline_access"]),
    namePrefix: z.string().max(20).default("oidc:"),
    nameClaim: z.string().min(1).default("sub"),
    rolesClaim: z.string().min(1).default("roles"),
    roles: z.partialRecord(z.enum(roles), z.array(z.string().min(1)).max(100)).default({}),
    tokenMinutesMax: z.number().int().min(1).max(1440).default(720),
    /** RFC 9068; `any-jwt` for providers that call all of their tokens JWT. */
    tokenType: z.enum(["at+jwt", "any-jwt"]).default("at+jwt"),
  })
  // Otherwise an ID token, which says who somebody is to a client, would be one for us.
  .refine(({ audience, clientID }) => audience !== clientID, {
    message: "expected an audience that is no client's",
  });

export type IdentitySettings = z.infer<typeof identitySettings>;
