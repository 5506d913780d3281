/** Lies in OCSP responses, each in place of the list about the publisher. Tests only. */
import type { ErrorCode } from "../../../src/core/errors.js";
import type { Lie } from "./lie.js";
import { type Answer, at, ocspAnswer, responder } from "./ocsp.js";
import { lie, reason } from "./revocation-lie.js";
import type { World } from "./world.js";

/** A response in place of the list about the publisher. */
const answered = (
  name: string,
  code: ErrorCode | "success",
  why: string,
  answer: (world: World) => Promise<Partial<Answer>>,
): Lie =>
  lie(`ocsp-${name}`, code, why, async (world) => ({
    ca: await ocspAnswer({ about: world.leaf, issuer: world.ca, ...(await answer(world)) }),
  }));

export const ocspLies: readonly Lie[] = [
  answered(
    "good",
    "success",
    "a response of the CA, without a nonce, in place of its list",
    async () => ({}),
  ),
  answered("delegate", "success", "a response of the CA's delegate", async ({ ca }) => ({
    responder: await responder(ca),
  })),
  answered("revoked", "CERTIFICATE_REVOKED", "the response says no", async () => ({
    status: { revokedAt: at(-1), reason: reason.superseded },
  })),
  answered("unknown", "REVOCATION_MISSING", "the response does not know", async () => ({
    status: "unknown",
  })),
  answered("other-certificate", "REVOCATION_MISSING", "a response about another serial number", async () => ({
    serial: Uint8Array.of(5),
  })),
  answered("other-issuer", "REVOCATION_MISSING", "the serial number below another CA", async ({ root }) => ({
    issuer: root,
  })),
  answered("stale", "REVOCATION_STALE", "ended an hour before the stamp", async () => ({
    from: -24,
    until: -1,
  })),
  answered("from-the-future", "REVOCATION_STALE", "a response of tomorrow", async () => ({
    from: 24,
    until: 48,
  })),
  answered(
    "delegate-without-purpose",
    "REVOCATION_UNTRUSTED",
    "a certificate of the CA that is for signing code",
    async ({ ca }) => ({
      responder: await responder(ca, { purpose: "1.3.6.1.5.5.7.3.3" }),
    }),
  ),
  answered(
    "delegate-without-nocheck",
    "REVOCATION_UNTRUSTED",
    "a delegate who could have been revoked",
    async ({ ca }) => ({
      responder: await responder(ca, { nocheck: false }),
    }),
  ),
  answered(
    "delegate-of-another",
    "REVOCATION_UNTRUSTED",
    "a delegate of the root, not of the CA",
    async ({ root }) => ({
      responder: await responder(root),
    }),
  ),
  lie(
    "ocsp-version-of-lists",
    "CMS_MALFORMED",
    "says version 1, which is for lists alone, and carries a response",
    async ({ leaf, ca }) => ({ more: [await ocspAnswer({ about: leaf, issuer: ca })] }),
    { version: 1 },
  ),
  answered("critical", "REVOCATION_MALFORMED", "a critical extension that nobody knows", async () => ({
    critical: true,
  })),
];
