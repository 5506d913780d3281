/** Bad files in the hands of an analyst, through the command line and the running service: refused by name, and nothing changes. */
import { mkdirSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PublisherProcess, rulemint } from "../faults/publisher-process.js";
import { tarArchive, tarEnd, tarParts } from "../support/tar.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let made = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await folder.remove();
});

function newFolder(): string {
  const path = join(folder.path, `rules-${++made}`);
  mkdirSync(path);
  return path;
}

interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: { readonly findings?: { code: string; path: string; line: number; column: number }[] };
  };
}

async function refusal(kind: string, path: string): Promise<Failure["error"]> {
  const words = ["submission", "create", "--ruleset", "bad", "--kind", kind, path, "--json"];
  const { exit, stdout } = await publisher.cli("analyst", ...words);
  expect(exit).toBe(1);
  return (JSON.parse(stdout) as Failure).error;
}

/** No ruleset came of it, and there is nothing to release. */
async function expectNothingChanged(): Promise<void> {
  expect(await publisher.as("auditor").listRulesets()).toEqual([]);
  await expect(publisher.build()).rejects.toMatchObject({ code: "RELEASE_EMPTY" });
}

describe("a broken rule", () => {
  it.each([
    ["yara", "a.yar", "rule A {\n  condition:\n    $missing\n}\n", "YARA_STRING_UNDEFINED", 3, 5],
    [
      "sigma",
      "a.yml",
      "title: T\nlogsource: {category: x}\ndetection:\n  a: {b: c}\n  condition: none of b\n",
      /^SIGMA_/,
      0,
      0,
    ],
    ["suricata", "a.rules", 'alert tcp any any -> any any (msg:"no sid";)\n', /^SURICATA_/, 1, 0],
    ["clamav", "a.hdb", "not a hash:12:Name\n", /^CLAMAV_/, 1, 0],
    ["ioc", "a.txt", "good.example.com\nthis is not one\n", /^IOC_/, 2, 0],
  ] as const)("in %s is named with file, line and column", async (kind, name, text, code, line, column) => {
    const path = newFolder();
    writeFileSync(join(path, name), text);
    const error = await refusal(kind, path);
    expect(error.code).toBe("RULES_INVALID");
    const [first] = error.details.findings ?? [];
    expect(first).toMatchObject({ path: name, code: expect.stringMatching(code) });
    if (line > 0) expect(first?.line).toBe(line);
    if (column > 0) expect(first?.column).toBe(column);
    await expectNothingChanged();
  });

  it("in invalid UTF-8 is TEXT_NOT_UTF8, at its line", async () => {
    const path = newFolder();
    writeFileSync(join(path, "a.yar"), Buffer.from("rule A {\n// \xff\n condition: true }\n", "latin1"));
    const { code, details } = await refusal("yara", path);
    expect(code).toBe("RULES_INVALID");
    expect(details.findings?.[0]).toMatchObject({ code: "TEXT_NOT_UTF8", path: "a.yar", line: 2, column: 4 });
    await expectNothingChanged();
  });
});

describe("a bad file", () => {
  it("of 2 GiB is FILE_TOO_LARGE, and not stored", async () => {
    const path = newFolder();
    writeFileSync(join(path, "big.yar"), "");
    truncateSync(join(path, "big.yar"), 2 ** 31);
    expect((await refusal("yara", path)).code).toBe("FILE_TOO_LARGE");
    expect(readdirSync(join(publisher.data, "objects/incoming"))).toEqual([]);
    await expectNothingChanged();
  });

  it("that is a symbolic link is PATH_UNSAFE", async () => {
    const path = newFolder();
    writeFileSync(join(path, "a.yar"), "rule A { condition: true }");
    symlinkSync("/etc/passwd", join(path, "b.yar"));
    expect((await refusal("yara", path)).code).toBe("PATH_UNSAFE");
    await expectNothingChanged();
  });

  const tar = tarArchive({ "a.yar": "rule A { condition: true }\n" });
  it.each([
    [
      "with a path that climbs",
      "PATH_UNSAFE",
      Buffer.concat([tarParts([{ path: "../a.yar", content: "x" }]), tarEnd()]),
    ],
    ["in an archive that is cut off", "ARCHIVE_MALFORMED", tar.subarray(0, 700)],
  ])("%s is refused by the service whoever sends it: %s", async (_name, code, body) => {
    const answer = await fetch(`${publisher.origin}/v1/submissions?ruleset=bad&kind=yara`, {
      method: "POST",
      headers: { "content-type": "application/x-tar", authorization: `Bearer ${publisher.token("analyst")}` },
      body,
    });
    expect(await answer.json()).toMatchObject({ code });
    await expectNothingChanged();
  });
});

describe("after all of that", () => {
  it("good rules are taken as if nothing had been", async () => {
    const path = newFolder();
    writeFileSync(join(path, "a.yar"), "rule A { condition: true }\n");
    const words = ["submission", "create", "--ruleset", "bad", "--kind", "yara", path];
    expect(await publisher.cli("analyst", ...words)).toMatchObject({ exit: 0 });
    expect((await rulemint(["--version"])).exit).toBe(0);
    expect(statSync(join(publisher.data, "records.sqlite")).size).toBeLessThan(2 ** 20);
  });
});
