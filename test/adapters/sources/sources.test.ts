/** A rebuilder's own copies, and sources that are not the publisher's. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCompileCache } from "../../../src/adapters/compile-cache/filesystem.js";
import { openIndependentSources } from "../../../src/adapters/sources/independent.js";
import { keepOwnCopies } from "../../../src/adapters/sources/own-copies.js";
import { type Sha256Hex, sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { temporaryFolder } from "../../support/temporary.js";

let folder: { readonly path: string; remove(): Promise<void> };
let asked: string[];
beforeEach(async () => {
  folder = await temporaryFolder();
  asked = [];
});
afterEach(() => folder.remove());

const digestOf = (text: string): Sha256Hex => sha256Hex(createHash("sha256").update(text).digest("hex"));
const at = (name: string) => join(folder.path, name);

/** A publisher who has these files, and one that it sends other bytes for. */
const publisher = (...texts: string[]) => ({
  sources: async () => utf8Bytes("{}"),
  file: async (sha256: Sha256Hex) => {
    asked.push(sha256);
    return utf8Bytes(texts.find((text) => digestOf(text) === sha256) ?? "other bytes");
  },
});
const copies = () => openCompileCache(at("sources"), { bytesMax: Number.POSITIVE_INFINITY });

describe("a rebuilder's own copies", () => {
  it("SPEC §10.3.7 asks for a file once, whoever asks again and after a restart", async () => {
    for (let start = 0; start < 2; start++) {
      const own = keepOwnCopies(publisher("one", "two"), await copies());
      for (const text of ["one", "two", "one"]) {
        expect(utf8Text(await own.file(digestOf(text), text.length))).toBe(text);
      }
    }
    expect(asked).toEqual([digestOf("one"), digestOf("two")]);
  });

  it("SPEC §10.3.7 fetches a damaged copy anew, and keeps nothing that is not what was asked for", async () => {
    const own = keepOwnCopies(publisher("one"), await copies());
    await own.file(digestOf("one"), 3);
    const [kept] = readdirSync(at("sources"), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    writeFileSync(join(kept!.parentPath, kept!.name), "0ne");
    expect(utf8Text(await own.file(digestOf("one"), 3))).toBe("one");
    expect(utf8Text(await own.file(digestOf("absent"), 6))).toBe("other bytes");
    expect(utf8Text(await own.file(digestOf("absent"), 6))).toBe("other bytes");
    expect(asked).toHaveLength(4);
  });
});

describe("independent sources", () => {
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", at("repository"), "-c", "user.name=t", "-c", "user.email=t@t", ...words]);
  const independent = async (...places: string[]) =>
    keepOwnCopies(
      publisher("only the publisher has it"),
      await copies(),
      await openIndependentSources(places),
    );

  it("SPEC §10.3.8 finds a file under any name, and in what git remembers", async () => {
    mkdirSync(at("repository/deep/er"), { recursive: true });
    writeFileSync(at("repository/deep/er/rules.txt"), "of yesterday");
    git("init", "-q");
    git("add", ".");
    git("commit", "-q", "-m", "one");
    writeFileSync(at("repository/deep/er/rules.txt"), "of today");
    mkdirSync(at("folder"));
    writeFileSync(at("folder/any"), "of a folder.");
    const own = await independent(at("repository"), at("folder"));
    for (const text of ["of yesterday", "of today", "of a folder."]) {
      expect(utf8Text(await own.file(digestOf(text), text.length))).toBe(text);
    }
    expect(asked).toEqual([]);
  });

  it("SPEC §10.3.8 never takes a file from the publisher instead, and sees what came in later", async () => {
    mkdirSync(at("folder"));
    const own = await independent(at("folder"));
    const text = "only the publisher has it";
    const missing = own.file(digestOf(text), text.length);
    await expect(missing).rejects.toMatchObject({ code: "FETCH_NOT_FOUND" });
    expect(asked).toEqual([]);
    writeFileSync(at("folder/pulled"), text);
    expect(utf8Text(await own.file(digestOf(text), text.length))).toBe(text);
  });

  it("is refused where there is no folder", async () => {
    rmSync(at("gone"), { force: true });
    await expect(openIndependentSources([at("gone")])).rejects.toMatchObject({ code: "USAGE" });
  });
});
