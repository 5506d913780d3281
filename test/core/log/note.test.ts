import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Text, concatBytes, utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { parseCheckpoint, formatCheckpoint } from "../../../src/core/log/checkpoint.js";
import { emptyRoot } from "../../../src/core/log/merkle.js";
import { formatNote, parseNote, verifyLines } from "../../../src/core/log/note.js";
import { formatVerifierKey, parseVerifierKey } from "../../../src/core/log/verifier-key.js";
import { cosign, noteLine, testKey, testWitnesses } from "../../support/log-world.js";

/** From the C2SP signed-note specification. */
const example = {
  vkey: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  note: `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`,
};
const malformed = expect.objectContaining({ code: "NOTE_MALFORMED" });
const line = example.note.split("\n")[2] as string;
const root = base64Text(emptyRoot);

describe("a signed note", () => {
  it("is read and verified as the specification's example", async () => {
    const key = parseVerifierKey(example.vkey);
    const note = parseNote(utf8Bytes(example.note));
    expect(note.text).toBe("This is an example message.\n");
    expect(await verifyLines(note, [key])).toEqual([{ key }]);
    expect(formatVerifierKey(key)).toBe(example.vkey);
  });

  it("may hold empty lines: the last one parts text and signatures", () => {
    const note = parseNote(utf8Bytes(`one\n\ntwo\n\n${line}\n`));
    expect(note.text).toBe("one\n\ntwo\n");
  });

  it.each([
    ["SPEC §11.2.1 without an empty line", `text\n${line}\n`],
    ["SPEC §11.2.1 without a signature", "text\n\n"],
    ["SPEC §11.2.1 without the last line feed", `text\n\n${line}`],
    ["SPEC §11.2.1 with a carriage return", `text\r\n\n${line}\n`],
    ["SPEC §11.2.1 with a tab", `te\txt\n\n${line}\n`],
    [
      "SPEC §11.2.1 with bytes that are no UTF-8",
      concatBytes(Uint8Array.of(0xff, 10, 10), utf8Bytes(`${line}\n`)),
    ],
    ["SPEC §11.2.1 with 65 lines", `text\n\n${`${line}\n`.repeat(65)}`],
    ["SPEC §11.2.1 of more than 64 KiB", `${"x".repeat(65_536)}\n\n${line}\n`],
    ["SPEC §11.2.2 with a hyphen for the dash", `text\n\n${line.replace("—", "-")}\n`],
    ["SPEC §11.2.2 with two blanks", `text\n\n${line.replace(" ", "  ")}\n`],
    ["SPEC §11.2.2 with a blank at the end", `text\n\n${line} \n`],
    ["SPEC §11.2.2 with base64 that has stray bits", `text\n\n${line.replace("M=", "N=")}\n`],
    ["SPEC §11.2.2 with a key id and nothing more", "text\n\n— name AAAAAA==\n"],
    ["SPEC §11.2.3 with a plus sign in the name", `text\n\n${line.replace("com/", "com+")}\n`],
    ["SPEC §11.2.3 with a no-break space in the name", `text\n\n${line.replace("com/", "com ")}\n`],
  ])("is refused %s", (_rule, note) => {
    expect(() => parseNote(typeof note === "string" ? utf8Bytes(note) : note)).toThrowError(malformed);
  });

  it("takes 16 lines and more", () => {
    expect(parseNote(utf8Bytes(`text\n\n${`${line}\n`.repeat(64)}`)).signatures).toHaveLength(64);
  });

  it("SPEC §11.2.5 passes over lines of unknown keys and refuses a broken line of a known one", async () => {
    const [known, other] = [testKey("known", 1), testKey("other", 1)];
    const text = "text\n";
    const good = noteLine(known, text);
    const foreign = { ...noteLine(other, "another text\n"), name: "unknown" };
    expect(await verifyLines({ text, signatures: [foreign, good] }, [known.key])).toEqual([
      { key: known.key },
    ]);
    const broken = noteLine(other, "another text\n");
    await expect(
      verifyLines({ text, signatures: [good, broken] }, [known.key, other.key]),
    ).rejects.toMatchObject({
      code: "LOG_SIGNATURE_INVALID",
    });
  });

  it("has one form: what is read is written as the same bytes", () => {
    const name = fc
      .string({ minLength: 1, maxLength: 8 })
      .filter((text) => !/[\s\p{Cc}\p{White_Space}+]/u.test(text));
    const signature = fc.record({
      name,
      keyID: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    const text = fc
      .array(fc.string({ unit: fc.constantFrom("a", "é", "—", " ", "+") }))
      .map((lines) => `${lines.join("\n")}\n`);
    fc.assert(
      fc.property(text, fc.array(signature, { minLength: 1, maxLength: 20 }), (written, signatures) => {
        const bytes = formatNote({ text: written, signatures });
        expect(utf8Text(formatNote(parseNote(bytes)))).toBe(utf8Text(bytes));
      }),
    );
  });
});

describe("a verifier key", () => {
  it("may have plus signs in its base64", () => {
    const found = Array.from({ length: 200 }, (_, i) => testKey(`key-${i}`, 4)).find(({ vkey }) =>
      /\+.*\+.*\+/.test(vkey),
    );
    expect(parseVerifierKey(found?.vkey as string)).toEqual(found?.key);
  });

  it.each([
    ["with another key id", example.vkey.replace("530d903a", "530d903b")],
    ["with an upper-case key id", example.vkey.replace("530d903a", "530D903A")],
    ["of an unknown type", `example.com/foo+530d903a+${base64Text(new Uint8Array(33).fill(2))}`],
    ["with a key of 31 octets", `example.com/foo+530d903a+${base64Text(new Uint8Array(32).fill(1))}`],
    ["without a name", example.vkey.slice("example.com/foo".length)],
    ["of one field", "example.com/foo"],
  ])("SPEC §11.2.4 is refused %s", (_rule, vkey) => {
    expect(() => parseVerifierKey(vkey)).toThrowError(malformed);
  });
});

describe("a checkpoint", () => {
  it.each([
    ["of an empty log", `example.com/log\n0\n${root}\n`],
    ["with extension lines", `example.com/log\n7\n${root}\nextension one\nanother\n`],
  ])("is read and written the same %s", (_rule, text) => {
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  });

  it.each([
    ["with a leading zero", `example.com/log\n07\n${root}\n`],
    ["with a sign", `example.com/log\n+7\n${root}\n`],
    ["with a size of 2^53", `example.com/log\n9007199254740992\n${root}\n`],
    ["without an origin", `\n7\n${root}\n`],
    ["with a short root", `example.com/log\n7\n${base64Text(new Uint8Array(31))}\n`],
    ["of size 0 with the root of something", `example.com/log\n0\n${base64Text(new Uint8Array(32))}\n`],
    ["with an empty extension line", `example.com/log\n7\n${root}\n\n`],
    ["of two lines", "example.com/log\n7\n"],
  ])("SPEC §11.3.1 is refused %s", (_rule, text) => {
    expect(() => parseCheckpoint(text)).toThrowError(malformed);
  });
});

describe("a cosignature", () => {
  const [witness] = testWitnesses;
  const text = `example.com/log\n7\n${root}\n`;
  const note = { text, signatures: [noteLine(testKey("example.com/log", 1), text)] };

  it("brings its time", async () => {
    const lines = await verifyLines(cosign(note, 1_700_000_000, witness as never), [
      (witness as never as { key: never }).key,
    ]);
    expect(lines).toEqual([{ key: witness?.key, cosignature: { time: 1_700_000_000 } }]);
  });

  it.each([
    ["at time 0", 0],
    ["at a time beyond 2^53", 2 ** 60],
  ])("SPEC §11.3.3 is refused %s", async (_rule, time) => {
    if (witness === undefined) throw new Error("no witness");
    await expect(verifyLines(cosign(note, time, witness), [witness.key])).rejects.toMatchObject({
      code: "LOG_SIGNATURE_INVALID",
    });
  });

  it("SPEC §11.3.3 is refused with another time than the signed one", async () => {
    if (witness === undefined) throw new Error("no witness");
    const { signatures } = cosign(note, 1_700_000_000, witness);
    const signature = Uint8Array.from(signatures[1]?.signature ?? []);
    signature[7] = (signature[7] ?? 0) ^ 1;
    const moved = {
      text,
      signatures: [{ ...(signatures[1] as NonNullable<(typeof signatures)[1]>), signature }],
    };
    await expect(verifyLines(moved, [witness.key])).rejects.toMatchObject({ code: "LOG_SIGNATURE_INVALID" });
  });
});
