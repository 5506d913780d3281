import { describe, expect, it } from "vitest";
import { hexText } from "../../src/core/encoding/bytes.js";
import { parseCRL } from "../../src/core/pki/crl.js";
import { type DevelopmentRevocation, developmentRevocation } from "../../src/issuing/development-crls.js";
import { developmentKeys, now } from "../core/pki/publisher.js";

const point = { name: "issuing-ca-00000000", addresses: ["http://pki.rulemint.invalid/issuing-ca.crl"] };

function source(revoked: readonly DevelopmentRevocation[], days = 0) {
  const clock = { now: () => new Date(now.getTime() + days * 86_400_000) };
  return developmentRevocation({ keys: developmentKeys, clock, revoked: () => revoked });
}
const one = (serial: string): DevelopmentRevocation => ({
  ...{ issuer: "issuing-ca", serial, revokedAt: new Date(now.getTime() - 60_000) },
});

describe("development revocation lists", () => {
  it.each([
    ["f4ab", "00f4ab"],
    ["00f4ab", "00f4ab"],
    ["74ab", "74ab"],
    ["0074ab", "74ab"],
  ])("name the serial number %s as certificates encode it, %s", async (serial, octets) => {
    const { entries } = parseCRL(await source([one(serial)]).fetch(point, undefined));
    expect(entries.map((entry) => hexText(entry.serial))).toEqual([octets]);
  });

  it("stay as they are for half of their life, unless something else is revoked", async () => {
    const first = await source([]).fetch(point, undefined);
    expect(await source([], 3).fetch(point, first)).toBe(first);
    expect(await source([], 4).fetch(point, first)).not.toBe(first);
    const second = await source([one("f4ab")], 1).fetch(point, first);
    expect(second).not.toBe(first);
    expect(await source([one("00f4ab")], 2).fetch(point, second)).toBe(second);
    expect(await source([], 2).fetch(point, second)).not.toBe(second);
    expect(parseCRL(second).number > parseCRL(first).number).toBe(true);
  });

  it("say nothing about the certificates of another CA", async () => {
    const { entries } = parseCRL(await source([{ ...one("74ab"), issuer: "root" }]).fetch(point, undefined));
    expect(entries).toEqual([]);
  });

  it("are only for addresses of the development PKI", async () => {
    const elsewhere = { name: "x-00000000", addresses: ["http://crl.example.ch/ca.crl"] };
    await expect(source([]).fetch(elsewhere, undefined)).rejects.toMatchObject({ code: "FETCH_NOT_FOUND" });
  });
});
