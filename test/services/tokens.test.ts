import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authenticateToken } from "../../src/services/authenticate-token.js";
import { createToken } from "../../src/services/create-token.js";
import type { Identity, TokenRecord } from "../../src/services/model.js";
import { ann, type Desk, openDesk } from "./desk.js";

const random = (seed: number) => new Uint8Array(32).fill(seed);

describe("tokens", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ ceremony: false });
  });
  afterAll(() => desk.close());

  it("knows whom a token belongs to, and keeps only its digest", async () => {
    const token = await createToken(desk.context, { identity: ann, random: random(1) });
    expect(await authenticateToken(desk.context, token)).toEqual(ann);
    const stored = await desk.context.records.list("tokens");
    expect(JSON.stringify(stored)).not.toContain(token.slice(4));
  });

  it.each([
    [undefined, "TOKEN_MISSING"],
    ["", "TOKEN_MISSING"],
    ["rmt_0000", "TOKEN_REFUSED"],
    ["'; drop table record; --", "TOKEN_REFUSED"],
  ])("refuses %j", async (token, code) => {
    await expect(authenticateToken(desk.context, token)).rejects.toMatchObject({ code });
  });

  it("refuses a revoked token", async () => {
    const token = await createToken(desk.context, { identity: ann, random: random(2) });
    const [found] = await desk.context.records.list<TokenRecord>("tokens", { descending: true });
    const all = await desk.context.records.list<TokenRecord>("tokens");
    const revoked = { revokedAt: "2026-11-22T00:00:00.000Z" };
    for (const { id, version, body } of found === undefined ? [] : all) {
      await desk.context.records.commit([
        { collection: "tokens", id, expected: version, body: { ...body, ...revoked } },
      ]);
    }
    await expect(authenticateToken(desk.context, token)).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
  });

  it.each<[string, Identity, number]>([
    ["too little randomness", ann, 31],
    ["a name with a control character", { ...ann, name: "a\nb" }, 32],
    ["a name with two spellings", { ...ann, name: "e\u0301" }, 32],
    ["an empty name", { ...ann, name: "" }, 32],
    ["an unknown role", { name: "x", roles: ["king" as never] }, 32],
  ])("makes no token with %s", async (_, identity, bytes) => {
    const token = createToken(desk.context, { identity, random: new Uint8Array(bytes) });
    await expect(token).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });
});
