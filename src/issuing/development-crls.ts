/**
 * The revocation lists of the development PKI. Its CA keys are public, so anybody can issue them, and so does every service that
 * stands on it. A list is issued again at half of its life, or when what it must say has changed.
 */
import { concatBytes, equalBytes, hexBytes } from "../core/encoding/bytes.js";
import { parsePEM } from "../core/encoding/pem.js";
import { OperationError, quote } from "../core/errors.js";
import { parseCRL } from "../core/pki/crl.js";
import type { RevocationSource } from "../ports/revocation-source.js";
import { issueCRL, type RevokedSerial } from "./crls.js";
import { type DevelopmentKeys, developmentScheme } from "./development-pki.js";
import { importIssuingKey } from "./issuing-keys.js";

/** The last part of the address in the certificates. */
const issuers = {
  root: ["rootCertificate", "rootKey"],
  "issuing-ca": ["issuingCertificate", "issuingKey"],
  "tsa-root": ["tsaRootCertificate", "tsaRootKey"],
  "tsa-ca": ["tsaCertificate", "tsaKey"],
} as const satisfies Record<string, readonly [keyof DevelopmentKeys, keyof DevelopmentKeys]>;
export type DevelopmentIssuer = keyof typeof issuers;

export interface DevelopmentRevocation {
  readonly issuer: DevelopmentIssuer;
  /** Hexadecimal; with or without the zero octet in front that keeps it positive: openssl does not show it. */
  readonly serial: string;
  readonly revokedAt: Date;
  readonly reason?: number;
  readonly invalidSince?: Date;
}

const lifeMs = 7 * 86_400_000;

export function developmentRevocation(input: {
  readonly keys: DevelopmentKeys;
  readonly clock: { now(): Date };
  /** What is revoked at this moment. */
  readonly revoked: () => readonly DevelopmentRevocation[];
}): Pick<RevocationSource, "fetch"> {
  return {
    fetch: async ({ addresses }, current) => {
      const issuer = addresses.map(issuerOf).find((name) => name !== undefined);
      if (issuer === undefined) {
        const got = quote(addresses[0] ?? "none");
        throw new OperationError("FETCH_NOT_FOUND", `expected an address of the development PKI, got ${got}`);
      }
      const revoked = input.revoked().filter((one) => one.issuer === issuer);
      const now = input.clock.now();
      if (current !== undefined && isStillRight(current, revoked, now)) return current;
      return issueDevelopmentCRL(input.keys, issuer, revoked, now);
    },
  };
}

/** The number is the time in seconds: it grows by itself, on whatever machine. */
export async function issueDevelopmentCRL(
  keys: DevelopmentKeys,
  issuer: DevelopmentIssuer,
  revoked: readonly DevelopmentRevocation[],
  now: Date,
): Promise<Uint8Array<ArrayBuffer>> {
  const [certificate, key] = issuers[issuer];
  return issueCRL({
    issuerKey: await importIssuingKey(keys[key], developmentScheme),
    issuerCertificate: parsePEM(keys[certificate], "CERTIFICATE")[0] as Uint8Array,
    number: BigInt(Math.floor(now.getTime() / 1000)),
    thisUpdate: now,
    nextUpdate: new Date(now.getTime() + lifeMs),
    revoked: revoked.map(({ serial, ...one }): RevokedSerial => ({ ...one, serial: serialOctets(serial) })),
  });
}

/** All four, for tests and tools that want everything at once. */
export function allDevelopmentCRLs(
  keys: DevelopmentKeys,
  revoked: readonly DevelopmentRevocation[],
  now: Date,
): Promise<Uint8Array[]> {
  const names = Object.keys(issuers) as DevelopmentIssuer[];
  return Promise.all(
    names.map((name) =>
      issueDevelopmentCRL(
        keys,
        name,
        revoked.filter(({ issuer }) => issuer === name),
        now,
      ),
    ),
  );
}

/** Serial numbers are positive: the octets of the INTEGER, whoever wrote them down. */
function serialOctets(hex: string): Uint8Array {
  const octets = hexBytes(hex);
  const start = octets.findIndex((octet) => octet !== 0);
  const magnitude = octets.subarray(Math.max(start, 0));
  return (magnitude[0] as number) >= 0x80 ? concatBytes(Uint8Array.of(0), magnitude) : magnitude;
}

function issuerOf(address: string): DevelopmentIssuer | undefined {
  const name = /^http:\/\/pki\.rulemint\.invalid\/([a-z-]+)\.crl$/.exec(address)?.[1];
  return name !== undefined && name in issuers ? (name as DevelopmentIssuer) : undefined;
}

function isStillRight(current: Uint8Array, revoked: readonly DevelopmentRevocation[], now: Date): boolean {
  const { thisUpdate, entries } = parseCRL(current);
  const age = now.getTime() - thisUpdate.getTime();
  const same = (one: DevelopmentRevocation): boolean =>
    entries.some(
      ({ serial, revokedAt }) =>
        equalBytes(serial, serialOctets(one.serial)) &&
        Math.abs(revokedAt.getTime() - one.revokedAt.getTime()) < 1000,
    );
  return age >= 0 && age < lifeMs / 2 && entries.length === revoked.length && revoked.every(same);
}
