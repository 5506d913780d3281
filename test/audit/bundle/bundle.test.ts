import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bundlePaths } from "../../../src/audit/bundle/layout.js";
import type { AuditReport } from "../../../src/audit/report.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { refreshMetadata } from "../../../src/services/refresh-metadata.js";
import { proposeChange } from "../../../src/services/propose-change.js";
import { publishProposals } from "../../../src/services/publish-proposal.js";
import { publishedPolicy } from "../../../src/services/published-trust.js";
import { signProposal } from "../../../src/services/sign-proposal.js";
import { openService, type TestService } from "../../support/service.js";
import { temporaryFolder } from "../../support/temporary.js";
import { type Members, bent, exported, flip, membersOf, verified, verifyPage } from "./scene.js";

let service: TestService;
let other: TestService;
let root: Uint8Array;
let laterRoot: Uint8Array;
/** Of release 2, exported when it was new. */
let bundle: Uint8Array;
let later: Uint8Array;
let withoutSources: Uint8Array;
let ofFirst: Uint8Array;

const rules = 'rule A { strings: $a = "sample" condition: $a }\n';

/** A new root with the same keys: what a publisher does every year. */
async function renewRoot({ desk }: TestService): Promise<void> {
  const nothing = { add: [], remove: [], thresholds: [], expiryDays: 365 };
  let proposal = await proposeChange(desk.context, { role: "root", ...nothing });
  for (const share of desk.shares.slice(0, 2)) proposal = await signProposal(proposal, share);
  await publishProposals(desk.context, [proposal]);
}

beforeAll(async () => {
  service = await openService();
  other = await openService();
  const { desk } = service;
  ({ root } = desk);
  await desk.addRules("samples", "yara", {
    "a.yar": rules,
    [`${"long/".repeat(20)}b.yar`]: "rule B { condition: true }",
  });
  await desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\nworse.example.com\n" });
  await desk.release();
  await desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\nworst.example.com\n" });
  await desk.release();
  bundle = await exported(service, 2);
  // The world goes on: days pass, the head is renewed, a release and a new root follow, and lists are newer.
  desk.passDays(3);
  await refreshMetadata(desk.context);
  await renewRoot(service);
  await desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
  await desk.release();
  later = await exported(service, 2);
  withoutSources = await exported(service, 2, null);
  ofFirst = await exported(service, 1);
  laterRoot = (await desk.context.tree.read("metadata/2.root.json")) as Uint8Array;
});
afterAll(async () => {
  await service.close();
  await other.close();
});

function expectRefusal(report: AuditReport, code: string, title?: RegExp): void {
  expect(report.verdict).toBe("refused");
  expect(report.steps.at(-1)).toMatchObject({ result: "refused", code });
  if (title !== undefined) expect(report.steps.at(-1)?.title).toMatch(title);
  expect(report.steps.slice(0, -1).every(({ result }) => result === "proven")).toBe(true);
}

describe("an evidence bundle", () => {
  it("SPEC §14.3.2 has the same bytes, whoever exports it and whenever", () => {
    expect(Buffer.compare(bundle, later)).toBe(0);
  });

  it("is proven from the pinned root alone, sources compiled again, with no network at all", async () => {
    const network = vi.fn(() => Promise.reject(new Error("no network here")));
    vi.stubGlobal("fetch", network);
    try {
      const report = await verified(bundle, root, { rebuild: true });
      expect(report.steps.filter(({ result }) => result !== "proven")).toEqual([]);
      expect(report).toMatchObject({ verdict: "proven", release: 2, feed: "endpoint", kind: "verify" });
      const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
      expect(evidence).toContain("equal to the published database, byte for byte");
      expect(evidence).toContain("from release 1 it gives the same database, byte for byte");
      expect(evidence).toContain("ioc: 1 added, 0 changed, 1 removed");
      expect(evidence).toContain("hosts (ioc): 1 files, by ann, approved by ben");
      expect(network).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("of the first release has nothing before it, and says that all rules are new", async () => {
    const report = await verified(ofFirst, root, { rebuild: true });
    expect(report.verdict).toBe("proven");
    const changes = JSON.parse(utf8Text((await membersOf(ofFirst)).get(bundlePaths.changes) as Uint8Array));
    expect(changes).toMatchObject({
      ...{ schema: 1, feed: "endpoint", release: 1, previous: null },
      kinds: { yara: { added: ["A", "B"] }, ioc: { added: ["evil.example.com", "worse.example.com"] } },
    });
  });

  it("without sources is proven, and says what that leaves open", async () => {
    const report = await verified(withoutSources, root);
    expect(report).toMatchObject({ verdict: "proven" });
    expect(report.notes.join("\n")).toContain("The bundle has no sources");
    expectRefusal(
      await verified(withoutSources, root, { rebuild: true }),
      "EVIDENCE_MISSING",
      /compiled again/,
    );
  });

  it("has the reviewed files under their names", async () => {
    const members = await membersOf(bundle);
    expect(utf8Text(members.get("sources/samples/a.yar") as Uint8Array)).toBe(rules);
    expect([...members.keys()].filter((path) => path.startsWith("sources/"))).toHaveLength(3);
  });

  it("SPEC §14.5.3 is judged at the time of its own stamp, or at a time that is given", async () => {
    const report = await verified(bundle, root);
    const stamped = Date.parse(report.at);
    expect(Math.abs(stamped - (service.desk.now.getTime() - 3 * 86_400_000))).toBeLessThan(60_000);
    const in40Days = new Date(stamped + 40 * 86_400_000);
    expectRefusal(await verified(bundle, root, { at: in40Days }), "METADATA_EXPIRED", /^The snapshot/);
    const before = new Date(stamped - 86_400_000);
    expectRefusal(await verified(bundle, root, { at: before }), "TIMESTAMP_INVALID", /^Who signed/);
  });

  it("SPEC §14.5.2 whose stamp lies in the future is refused", async () => {
    const now = new Date(service.desk.now.getTime() - 30 * 86_400_000);
    expectRefusal(await verified(bundle, root, { now }), "TIMESTAMP_INVALID", /^The time at which/);
  });

  it("is refused by who pinned another root", async () => {
    expectRefusal(await verified(bundle, other.desk.root), "METADATA_THRESHOLD", /^The snapshot/);
  });

  it("SPEC §14.5.1 is proven by a later root of the same keys, without the roots in it", async () => {
    const report = await verified(bundle, laterRoot);
    expect(report.verdict).toBe("proven");
    expect(report.notes.join("\n")).toContain(
      "The pinned root (version 2) is later than those in the bundle (up to 1)",
    );
  });

  it("is held against the auditor's own policy", async () => {
    const policy = { ...(await publishedPolicy(service.desk.context)), organization: "Other AG" };
    expectRefusal(await verified(bundle, root, { policy }), "SWISS_POLICY", /^Who signed/);
  });
});

describe("SPEC §14.2.3 and §14.5.5 a bundle in which somebody changed something", () => {
  type Bend = (members: Members) => unknown;
  const text = (members: Members, path: string) => utf8Text(members.get(path) as Uint8Array);
  const find = (members: Members, pattern: RegExp) =>
    [...members.keys()].find((path) => pattern.test(path)) as string;
  const drop = (pattern: RegExp) => (members: Members) => members.delete(find(members, pattern));
  const replace = (pattern: RegExp, by: RegExp) => (members: Members) =>
    members.set(find(members, pattern), members.get(find(members, by)) as Uint8Array);

  const cases: [string, Bend, string][] = [
    ["a file more", (members) => members.set("extra.txt", utf8Bytes("x")), "BUNDLE_MALFORMED"],
    [
      "a source file more",
      (members) => members.set("sources/hosts/x.txt", utf8Bytes("x")),
      "BUNDLE_MALFORMED",
    ],
    [
      "a pack more",
      (members) => members.set("public/targets/endpoint/x.rmp", utf8Bytes("x")),
      "BUNDLE_MALFORMED",
    ],
    [
      "a second snapshot",
      (members) => members.set("public/metadata/9.snapshot.json", utf8Bytes("{}")),
      "BUNDLE_MALFORMED",
    ],
    [
      "another release's name on it",
      (members) => members.set(bundlePaths.index, utf8Bytes('{"schema":1,"feed":"endpoint","release":3}\n')),
      "EVIDENCE_MISSING",
    ],
    [
      "an index in another form",
      (members) => members.set(bundlePaths.index, utf8Bytes('{"schema":1, "feed":"endpoint","release":2}\n')),
      "BUNDLE_MALFORMED",
    ],
    ["no index", drop(/^bundle\.json$/), "EVIDENCE_MISSING"],
    ["no snapshot", drop(/snapshot\.json$/), "BUNDLE_MALFORMED"],
    ["no targets", drop(/targets\.json$/), "EVIDENCE_MISSING"],
    ["no manifest", drop(/2\.endpoint\.json$/), "EVIDENCE_MISSING"],
    ["no signature over the manifest", drop(/evidence\/endpoint\/2\.p7s$/), "EVIDENCE_MISSING"],
    ["no full pack", drop(/\.2\.full\.rmp$/), "EVIDENCE_MISSING"],
    ["no signature over a pack", drop(/1-2\.delta\.rmp\.p7s$/), "EVIDENCE_MISSING"],
    ["no release before", drop(/1\.endpoint\.json$/), "METADATA_MISSING"],
    ["no log of changes", drop(/^changes\.json$/), "BUNDLE_MALFORMED"],
    ["a source file less", drop(/^sources\/samples\/a\.yar$/), "ASSAY_MISMATCH"],
    [
      "a source file of other content",
      (members) => members.set("sources/samples/a.yar", utf8Bytes(`${rules}\n`)),
      "ASSAY_MISMATCH",
    ],
    [
      "another reviewer",
      (members) =>
        members.set(
          "sources.json",
          utf8Bytes(text(members, "sources.json").replace(/"approvedBy":"ben"/, '"approvedBy":"bob"')),
        ),
      "ASSAY_MISMATCH",
    ],
    ["sources without their list", drop(/^sources\.json$/), "BUNDLE_MALFORMED"],
    [
      "the manifest's signature on a pack",
      replace(/2\.full\.rmp\.p7s$/, /endpoint\/2\.p7s$/),
      "CMS_DIGEST_MISMATCH",
    ],
    [
      "the anchors of somebody else",
      (members) =>
        members.set(
          bundlePaths.anchors,
          utf8Bytes(
            text(members, bundlePaths.anchors)
              .split("-----END CERTIFICATE-----\n")[0]
              ?.concat("-----END CERTIFICATE-----\n") as string,
          ),
        ),
      "BUNDLE_MALFORMED",
    ],
    ["a revocation list less", drop(/^revocation\//), "BUNDLE_MALFORMED"],
  ];
  it.each(cases)("%s", async (_name, bend, code) => {
    expectRefusal(await verified(await bent(bundle, bend), root), code);
  });

  it("SPEC §14.5.4 any byte of any file but the page of commands", async () => {
    const members = await membersOf(bundle);
    const taken = [...members.keys()].filter(
      (path) => path !== bundlePaths.commands && path !== bundlePaths.sums,
    );
    expect(taken.length).toBeGreaterThan(25);
    const proven: string[] = [];
    for (const path of taken) {
      const changed = await bent(bundle, (all) => all.set(path, flip(all.get(path) as Uint8Array)));
      const { verdict } = await verified(changed, root);
      if (verdict === "proven") proven.push(path);
    }
    expect(proven).toEqual([]);
  });

  it("SPEC §14.2.2 a digest that is not the file's, or a list that is not whole", async () => {
    const members = await membersOf(bundle);
    const start = Buffer.from(bundle).indexOf(members.get(bundlePaths.commands) as Uint8Array);
    expectRefusal(await verified(bundle.with(start, 0x21), root), "BUNDLE_MALFORMED", /^The file is whole/);
  });

  it("another page of commands is worth a word, and no refusal", async () => {
    const evil = utf8Bytes("# Check\n\n```sh\necho Verification successful\n```\n");
    const changed = await bent(bundle, (members) => members.set(bundlePaths.commands, evil));
    const report = await verified(changed, root);
    expect(report.verdict).toBe("proven");
    expect(report.notes.join("\n")).toContain("COMMANDS.md is not the page");
    expect((await verified(bundle, root)).notes.join("\n")).not.toContain("COMMANDS.md");
  });
});

describe("SPEC §14.3.4 the page of commands in a bundle", () => {
  const blocks = (page: string) =>
    page.split(/^(?=## )/m).flatMap((section) => {
      const title = section.split("\n", 1)[0] as string;
      return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, line]) => ({
        title,
        line: line as string,
      }));
    });

  it("has the lines of docs/VERIFY.md, with the names of its release", async () => {
    const page = utf8Text((await membersOf(bundle)).get(bundlePaths.commands) as Uint8Array);
    const [names, ...lines] = blocks(page);
    const [, ...all] = blocks(verifyPage);
    expect(names?.line).toMatch(
      /^export TREE=public FEED=endpoint N=2 LISTS=revocation AT=\d{10}; mkdir -p audit\n$/,
    );
    expect(lines).toEqual(all.filter(({ title }) => !title.endsWith("(at an endpoint)")));
    expect(lines.length).toBeGreaterThanOrEqual(14);
  });

  it("runs as it stands, every line, with strangers' tools", async () => {
    const { path: folder, remove } = await temporaryFolder();
    const members = await membersOf(bundle);
    for (const [path, bytes] of members) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    const [names, ...lines] = blocks(utf8Text(members.get(bundlePaths.commands) as Uint8Array));
    const said = lines.map(({ line }) =>
      execFileSync("bash", ["-euo", "pipefail", "-c", `${names?.line}${line}`], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    const all = said.join("");
    for (const sentence of [
      "two distinct keys signed the manifest",
      "root 1 vouches for targets",
      "the manifest names this database",
      "the files are those of the list, and no others",
      "snapshot 3 published this manifest",
      "the sources are those that the manifest names",
    ]) {
      expect(all).toContain(sentence);
    }
    await remove();
  });

  it("is what an archiver of strangers unpacks", async () => {
    const { path: folder, remove } = await temporaryFolder();
    writeFileSync(join(folder, "b.tar"), bundle);
    const listed = execFileSync("tar", ["-tf", "b.tar"], { cwd: folder, encoding: "utf8" });
    expect(listed.trim().split("\n")).toEqual([...(await membersOf(bundle)).keys()]);
    await remove();
  });
});
