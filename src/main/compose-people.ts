/** The people of an identity provider put together. What checks their tokens is loaded where there is one. */
import { systemClock } from "../adapters/clock/system.js";
import type { People } from "../services/context.js";
import type { IdentitySettings } from "./identity-settings.js";

export async function openPeople(settings: IdentitySettings): Promise<People> {
  const { openOpenIDProvider } = await import("../adapters/identity/openid.js");
  const { issuer, audience, tokenMinutesMax, tokenType, clientID, scopes, ...rules } = settings;
  return {
    provider: openOpenIDProvider({ issuer, audience, tokenMinutesMax, tokenType, clock: systemClock }),
    rules,
    login: { issuer, audience, scopes, ...(clientID !== undefined && { clientID }) },
  };
}
