/** Lies about revocation: lists and responses that are missing, old, foreign, partial, or say no. Tests only. */
import { encoded, spliced, tagged } from "../../../src/issuing/asn1.js";
import type { Lie } from "./lie.js";
import { at } from "./ocsp.js";
import {
  certificateIssuer,
  delta,
  lie,
  list,
  type ListChange,
  minute,
  nameOf,
  reason,
  revoked,
  scope,
  someReasons,
  unknown,
  yes,
} from "./revocation-lie.js";
import { issue, p384 } from "./world.js";

const given: readonly Lie[] = [
  lie("good", "success", "lists of all four authorities, and nobody is on them", async () => ({})),
  lie("missing", "REVOCATION_MISSING", "no revocation data at all", async () => ({
    ...{ root: undefined, ca: undefined, tsaRoot: undefined, tsaCA: undefined },
  })),
  lie(
    "leaf-list-missing",
    "REVOCATION_MISSING",
    "the list that the publisher is on is left out",
    async () => ({
      ca: undefined,
    }),
  ),
  lie("authority-list-missing", "REVOCATION_MISSING", "nothing about the time-stamp unit", async () => ({
    tsaCA: undefined,
  })),
  lie(
    "not-asked-for",
    "success",
    "no revocation data, and a policy that asks for none",
    async () => ({
      ...{ root: undefined, ca: undefined, tsaRoot: undefined, tsaCA: undefined },
    }),
    { policy: { required: false } },
  ),
];

const saidNo: readonly Lie[] = [
  lie("leaf-revoked", "CERTIFICATE_REVOKED", "the publisher, an hour before the stamp", async (world) => ({
    ca: await list(world.ca, revoked(world.leaf, -1)),
  })),
  lie("leaf-revoked-later", "success", "the publisher, a minute after the stamp", async (world) => ({
    ca: await list(world.ca, revoked(world.leaf, minute)),
  })),
  lie(
    "leaf-revoked-not-asked-for",
    "CERTIFICATE_REVOKED",
    "a policy without demands does not overlook a no",
    async (world) => ({
      ca: await list(world.ca, revoked(world.leaf, -1)),
    }),
    { policy: { required: false } },
  ),
  lie(
    "leaf-revoked-in-a-stale-list",
    "CERTIFICATE_REVOKED",
    "a list that has ended still says no",
    async (world) => ({
      more: [await list(world.ca, { number: 6n, nextUpdate: at(-1), ...revoked(world.leaf, -30) })],
    }),
  ),
  lie(
    "compromised-before",
    "CERTIFICATE_REVOKED",
    "revoked after the stamp, the key lost before it",
    async (world) => ({
      ca: await list(
        world.ca,
        revoked(world.leaf, minute, { reason: reason.keyCompromise, invalidSince: at(-2) }),
      ),
    }),
  ),
  lie("compromised-later", "success", "the key was lost after the stamp", async (world) => ({
    ca: await list(world.ca, revoked(world.leaf, minute, { reason: reason.keyCompromise })),
  })),
  lie(
    "compromised-refuse-all",
    "CERTIFICATE_REVOKED",
    "the same under a policy that believes no lost key",
    async (world) => ({
      ca: await list(world.ca, revoked(world.leaf, minute, { reason: reason.keyCompromise })),
    }),
    { policy: { keyCompromise: "refuse-all" } },
  ),
  lie("ca-revoked", "CERTIFICATE_REVOKED", "the issuing CA", async (world) => ({
    root: await list(world.root, revoked(world.ca, -1)),
  })),
  lie("authority-revoked", "CERTIFICATE_REVOKED", "the time-stamp unit, before its stamp", async (world) => ({
    tsaCA: await list(world.tsaCA, revoked(world.tsu, -1, { reason: reason.superseded })),
  })),
  lie(
    "authority-superseded-later",
    "success",
    "the time-stamp unit, replaced after its stamp",
    async (world) => ({
      tsaCA: await list(world.tsaCA, revoked(world.tsu, minute, { reason: reason.superseded })),
    }),
  ),
  lie(
    "authority-revoked-without-reason",
    "CERTIFICATE_REVOKED",
    "after the stamp; but no reason says its key is safe",
    async (world) => ({
      tsaCA: await list(world.tsaCA, revoked(world.tsu, minute)),
    }),
  ),
];

const outOfTime: readonly Lie[] = [
  lie("list-from-the-future", "REVOCATION_STALE", "a list of tomorrow", async (world) => ({
    ca: await list(world.ca, { thisUpdate: at(24) }),
  })),
  lie("list-stale", "REVOCATION_STALE", "a list that ended an hour before the stamp", async (world) => ({
    ca: await list(world.ca, { nextUpdate: at(-1) }),
  })),
  lie(
    "list-too-long",
    "REVOCATION_STALE",
    "a list for eleven days where ten are the most",
    async (world) => ({
      ca: await list(world.ca, { nextUpdate: at(10 * 24) }),
    }),
  ),
];

const byOthers: readonly Lie[] = [
  lie(
    "same-name-authority",
    "REVOCATION_UNTRUSTED",
    "signed by a CA of the same name that the signature brings",
    async () => {
      const fake = await issue({ profile: "root", name: "issuing CA", key: p384("another CA") });
      return { ca: await list(fake) };
    },
    {
      chain: async (world) => [
        world.ca,
        await issue({ profile: "root", name: "issuing CA", key: p384("another CA") }),
      ],
    },
  ),
  lie("wrong-issuer", "REVOCATION_MISSING", "the list of another CA in its place", async (world) => ({
    ca: await list(await issue({ profile: "issuing-ca", name: "another CA", issuer: world.root })),
  })),
  lie(
    "unused-list",
    "REVOCATION_UNTRUSTED",
    "all that is needed, and the list of a stranger",
    async (world) => ({
      more: [await list(await issue({ profile: "issuing-ca", name: "another CA", issuer: world.root }))],
    }),
  ),
  lie("signature-flipped", "REVOCATION_UNTRUSTED", "one bit of the list's signature", async (world) => {
    const bytes = encoded(await list(world.ca));
    return { ca: spliced(bytes.map((octet, i) => (i === bytes.length - 1 ? octet ^ 1 : octet))) };
  }),
];

/** The publisher is on hold in the list with number 7, and taken back in a delta to it, but for `change`. */
const held = (name: string, code: Lie["code"], why: string, change: ListChange): Lie =>
  lie(name, code, why, async (world) => ({
    ca: await list(world.ca, revoked(world.leaf, -3, { reason: reason.certificateHold })),
    more: [
      await list(world.ca, {
        ...{ number: 8n, extensions: [delta(7)] },
        ...revoked(world.leaf, -3, { reason: reason.removeFromCRL }),
        ...change,
      }),
    ],
  }));

const partial: readonly Lie[] = [
  lie("scope-authorities", "REVOCATION_MISSING", "a list of CAs alone, for a leaf", async (world) => ({
    ca: await list(world.ca, { extensions: [scope(yes(2))] }),
  })),
  lie("scope-attributes", "REVOCATION_MISSING", "a list of attribute certificates alone", async (world) => ({
    ca: await list(world.ca, { extensions: [scope(yes(5))] }),
  })),
  lie(
    "scope-other-point",
    "REVOCATION_MISSING",
    "a list for a point that the leaf does not name",
    async (world) => ({
      ca: await list(world.ca, { extensions: [scope(tagged(0, tagged(0, nameOf(world.root))))] }),
    }),
  ),
  lie("scope-some-reasons", "REVOCATION_MISSING", "a list of lost keys alone", async (world) => ({
    ca: await list(world.ca, { extensions: [scope(someReasons())] }),
  })),
  lie("scope-users", "success", "a list of leaves alone, for a leaf", async (world) => ({
    ca: await list(world.ca, { extensions: [scope(yes(1))] }),
  })),
  lie("delta-alone", "REVOCATION_MISSING", "a delta without the list it builds on", async (world) => ({
    ca: await list(world.ca, { extensions: [delta(6)] }),
  })),
  lie(
    "delta-revokes",
    "CERTIFICATE_REVOKED",
    "the publisher is on the delta, not on the list",
    async (world) => ({
      more: [await list(world.ca, { number: 8n, extensions: [delta(7)], ...revoked(world.leaf, -1) })],
    }),
  ),
  lie("hold", "CERTIFICATE_REVOKED", "the publisher is on hold", async (world) => ({
    ca: await list(world.ca, revoked(world.leaf, -1, { reason: reason.certificateHold })),
  })),
  held("hold-lifted", "success", "on hold in the list, taken back in the delta", {}),
  held("hold-lifted-by-a-stale-delta", "CERTIFICATE_REVOKED", "taken back in a delta that has ended", {
    nextUpdate: at(-1),
  }),
  held("hold-lifted-by-an-older-delta", "CERTIFICATE_REVOKED", "taken back before it was on hold", {
    ...{ number: 6n, extensions: [delta(5)] },
  }),
  held("hold-lifted-by-a-delta-as-old", "CERTIFICATE_REVOKED", "taken back by no newer list", {
    ...{ number: 7n, extensions: [delta(6)] },
  }),
  held("hold-lifted-on-a-newer-base", "CERTIFICATE_REVOKED", "taken back in a delta to a later list", {
    ...{ number: 9n, extensions: [delta(8)] },
  }),
  held("hold-lifted-in-another-scope", "CERTIFICATE_REVOKED", "taken back in a delta of another scope", {
    extensions: [delta(7), scope(yes(1))],
  }),
  held("hold-lifted-in-a-complete-list", "success", "no longer on the next list", {
    ...{ extensions: [], revoked: [] },
  }),
  lie(
    "indirect-other-issuer",
    "success",
    "the serial number, but of a certificate of another issuer",
    async (world) => ({
      ca: await list(world.ca, {
        extensions: [scope(yes(4))],
        ...revoked(world.leaf, -1, { extensions: [certificateIssuer(world.root)] }),
      }),
    }),
  ),
  lie("indirect-same-issuer", "CERTIFICATE_REVOKED", "the serial number and the issuer", async (world) => ({
    ca: await list(world.ca, {
      extensions: [scope(yes(4))],
      ...revoked(world.leaf, -1, { extensions: [certificateIssuer(world.ca)] }),
    }),
  })),
];

const malformed: readonly Lie[] = [
  lie(
    "list-unknown-critical",
    "REVOCATION_MALFORMED",
    "a critical extension that nobody knows",
    async (world) => ({
      ca: await list(world.ca, { extensions: [unknown] }),
    }),
  ),
  lie(
    "entry-unknown-critical",
    "REVOCATION_MALFORMED",
    "the same in an entry about somebody else",
    async (world) => ({
      ca: await list(world.ca, {
        revoked: [{ serial: Uint8Array.of(9), revokedAt: at(-1), extensions: [unknown] }],
      }),
    }),
  ),
  lie(
    "remove-in-a-complete-list",
    "REVOCATION_MALFORMED",
    "removeFromCRL outside a delta",
    async (world) => ({
      ca: await list(world.ca, revoked(world.leaf, -1, { reason: reason.removeFromCRL })),
    }),
  ),
  lie(
    "issuer-in-a-direct-list",
    "REVOCATION_MALFORMED",
    "a certificate issuer in a list that is not indirect",
    async (world) => ({
      ca: await list(world.ca, revoked(world.leaf, -1, { extensions: [certificateIssuer(world.root)] })),
    }),
  ),
  lie("reason-unknown", "REVOCATION_MALFORMED", "reason 7, which there is not", async (world) => ({
    ca: await list(world.ca, revoked(world.leaf, -1, { reason: 7 })),
  })),
  lie("items-twice", "CMS_MALFORMED", "the same list twice", async (world) => ({
    more: [await list(world.ca)],
  })),
];

export const revocationLies: readonly Lie[] = [
  ...given,
  ...saidNo,
  ...outOfTime,
  ...byOthers,
  ...partial,
  ...malformed,
];
