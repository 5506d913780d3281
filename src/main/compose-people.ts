/** The people of an identity provider put together. */
import { systemClock } from "../adapters/clock/system.js";
import { openOpenIDProvider } from "../adapters/identity/openid.js";
import type { People } from "../services/context.js";
import type { IdentitySettings } from "./identity-settings.js";

export function openPeople(settings: IdentitySettings): People {
  const { issuer, audience, tokenMinutesMax, tokenType, clientID, scopes, ...rules } = settings;
  return {
    provider: openOpenIDProvider({ issuer, audience, tokenMinutesMax, tokenType, clock: systemClock }),
    rules,
    login: { issuer, audience, scopes, ...(clientID !== undefined && { clientID }) },
  };
}
