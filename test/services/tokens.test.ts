import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authenticateToken } from "../../src/services/authenticate-token.js";
import { limitRequests } from "../../src/http/limit-requests.js";
import { createToken, tokenID } from "../../src/services/create-token.js";
import {
  createOwnToken,
  listOwnTokens,
  revokeOwnToken,
  type TokenOrder,
} from "../../src/services/own-tokens.js";
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

describe("a token of one's own", () => {
  let desk: Desk;
  let parent: string;
  beforeAll(async () => {
    desk = await openDesk({ ceremony: false });
    parent = await createToken(desk.context, { identity: both, random: random(1) });
  });
  afterAll(() => desk.close());

  const both: Identity = { name: "cora", roles: ["analyst", "reviewer"] };
  const make = async (order: Partial<TokenOrder>, seed: number, by = parent) => {
    const identity = await authenticateToken(desk.context, by);
    const secrets = { parent: await tokenID(by), random: random(seed) };
    return createOwnToken(desk.context, identity, { label: "ci", days: 30, ...order }, secrets);
  };
  const refused = (token: string) =>
    expect(authenticateToken(desk.context, token)).rejects.toMatchObject({ code: "TOKEN_REFUSED" });

  it("SPEC §17.8.2 has some of the roles in hand and no other", async () => {
    const made = await make({ roles: ["analyst"] }, 2);
    expect(await authenticateToken(desk.context, made.token)).toEqual({ name: "cora", roles: ["analyst"] });
    await expect(make({ roles: ["overseer"] }, 3)).rejects.toMatchObject({ code: "ROLE_REFUSED" });
    await expect(make({ roles: ["reviewer"] }, 4, made.token)).rejects.toMatchObject({
      code: "ROLE_REFUSED",
    });
  });

  it("SPEC §17.8.3 is refused from its end on", async () => {
    const { token } = await make({ days: 1 }, 5);
    desk.passDays(0.99);
    expect((await authenticateToken(desk.context, token)).name).toBe("cora");
    desk.passDays(0.02);
    await refused(token);
  });

  it("SPEC §17.8.3 ends with the one that made it, and is listed without its text", async () => {
    const first = await make({}, 6);
    const second = await make({}, 7, first.token);
    expect((await authenticateToken(desk.context, second.token)).name).toBe("cora");
    const stranger: Identity = { name: "eve", roles: ["analyst"] };
    await expect(revokeOwnToken(desk.context, stranger, first.id)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await revokeOwnToken(desk.context, both, first.id);
    await revokeOwnToken(desk.context, both, first.id);
    await refused(first.token);
    await refused(second.token);
    const listed = await listOwnTokens(desk.context, both);
    expect(listed.find(({ id }) => id === first.id)?.revokedAt).not.toBeNull();
    expect(JSON.stringify(listed)).not.toContain(first.token.slice(4));
    expect(await listOwnTokens(desk.context, stranger)).toEqual([]);
  });
});

describe("a limit of requests", () => {
  it("SPEC §17.8.4 makes one identity wait, and no other, until its bucket has refilled", () => {
    let now = 0;
    const handler = limitRequests(60, () => now);
    const ask = (name: string) => {
      const headers: Record<string, string> = {};
      const response = {
        locals: { identity: { name } },
        set: (key: string, value: string) => (headers[key] = value),
      };
      let passed = false;
      try {
        handler({} as never, response as never, () => (passed = true));
      } catch (error) {
        expect(error).toMatchObject({ code: "RATE_LIMITED" });
        expect(Number(headers["Retry-After"])).toBeGreaterThan(0);
      }
      return passed;
    };
    expect(Array.from({ length: 61 }, () => ask("ann")).filter((passed) => !passed)).toHaveLength(1);
    expect(ask("ben")).toBe(true);
    now += 2000;
    expect([ask("ann"), ask("ann"), ask("ann")]).toEqual([true, true, false]);
  });
});
