/** The authority's answers: granted as asked, or refused with the reason of RFC 3161. */
import { describe, expect, it } from "vitest";
import { concatBytes, hexBytes } from "../../src/core/encoding/bytes.js";
import { parseDER } from "../../src/core/encoding/der.js";
import { formatTimestampQuery, parseTimestampResponse } from "../../src/adapters/timestamp/messages.js";
import { answerTimestampQuery } from "../../src/issuing/timestamp.js";
import { createWorld, now } from "../vectors/pki/world.js";
import { sha256 } from "../core/pki/publisher.js";

const world = await createWorld();
const answerer = {
  signer: world.tsu.key,
  chain: [world.tsu.certificate, world.tsaCA.certificate],
  now,
  serial: Uint8Array.of(1, 2, 3),
  policyOID: "1.3.6.1.4.1.32473.8420.9",
};
const digest = sha256(Uint8Array.of(1));
const nonce = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const query = formatTimestampQuery(digest, nonce);
const asked = { sha256: digest, nonce };

describe("answerTimestampQuery", () => {
  it("grants what was asked, and gives the same token for the same input", async () => {
    const response = await answerTimestampQuery(query, answerer);
    const token = await parseTimestampResponse(response, asked);
    expect(parseDER(token).bytes).toEqual(token);
    expect(await answerTimestampQuery(query, answerer)).toEqual(response);
  });

  it("leaves the certificates out where they were not asked for", async () => {
    // The last field, certReq, is false by default and then absent.
    const short = concatBytes(Uint8Array.of(0x30, 0x40), query.subarray(2, -3));
    const [all, few] = [
      await answerTimestampQuery(query, answerer),
      await answerTimestampQuery(short, answerer),
    ];
    expect(few.length).toBeLessThan(all.length - 800);
  });

  const replaced = (from: string, to: string): Uint8Array =>
    hexBytes(Buffer.from(query).toString("hex").replace(from, to));
  it.each([
    ["garbage", Uint8Array.of(1, 2, 3), "badDataFormat"],
    ["version 2", replaced("020101", "020102"), "badRequest"],
    ["SHA-1 by name", replaced("0609608648016503040201", "0609608648016503040204"), "badAlg"],
    [
      "a hash of another length",
      replaced("0609608648016503040201", "0609608648016503040203"),
      "badDataFormat",
    ],
    [
      "another policy",
      concatBytes(Uint8Array.of(0x30, 0x47), query.subarray(2, 56), hexBytes("06022a03"), query.subarray(56)),
      "unacceptedPolicy",
    ],
    [
      "an extension",
      concatBytes(Uint8Array.of(0x30, 0x45), query.subarray(2), hexBytes("a000")),
      "unacceptedExtension",
    ],
    ["a megabyte", new Uint8Array(1_000_000), "badDataFormat"],
  ])("refuses %s", async (_name, bytes, reason) => {
    const response = await answerTimestampQuery(bytes, answerer);
    await expect(parseTimestampResponse(response, asked)).rejects.toMatchObject({
      code: "TSA_UNAVAILABLE",
      message: expect.stringContaining(`status 2 "${reason}"`),
    });
  });

  it("asks with a nonce that is always positive and minimal", () => {
    for (const first of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const fields = parseDER(formatTimestampQuery(digest, nonce.with(0, first))).fields();
      fields.next();
      fields.next();
      expect(fields.next().integerBytes()).toHaveLength(8);
    }
  });

  it("SPEC §6.6.5 is refused when the answer is for another imprint or nonce", async () => {
    const response = await answerTimestampQuery(query, answerer);
    const code = "TIMESTAMP_INVALID";
    const other = { ...asked, sha256: sha256(Uint8Array.of(2)) };
    await expect(parseTimestampResponse(response, other)).rejects.toMatchObject({ code });
    await expect(
      parseTimestampResponse(response, { ...asked, nonce: nonce.with(7, 0) }),
    ).rejects.toMatchObject({ code });
  });
});
