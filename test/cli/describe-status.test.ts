/** `client status` word for word: what a person sees of an endpoint that is well, of one that is not, and of one that has nothing yet. */
import { describe, expect, it } from "vitest";
import { describeStatus } from "../../src/cli/describe-status.js";
import type { LocalStatus } from "../../src/client/local-rules/status.js";
import type { EndpointStatus, InstalledRelease } from "../../src/client/model.js";
import { sha256Hex } from "../../src/core/brands.js";

const digest = (digit: string) => sha256Hex(digit.repeat(64));

const release = (number: number) =>
  ({
    release: number,
    databaseSha256: digest(String(number % 10)),
    databaseBytes: 12_345_678,
    createdAt: "2026-11-22T09:00:00Z",
  }) as InstalledRelease;

const noRules: LocalStatus = {
  ...{ choices: [], own: [], id: null, inForce: true, problem: null, setAside: null, effect: null },
};

const fresh = {
  ...{ url: "https://rules.example", feed: "endpoint", bytesLeftToday: null, network: { mirrors: [] } },
  ...{
    policySha256: digest("a"),
    policySource: "root.json",
    rootVersion: 1,
    installed: null,
    isForgotten: false,
    damage: null,
    previous: null,
  },
  ...{
    held: null,
    bad: null,
    fetched: null,
    exportedRules: null,
    loadedRules: null,
    boots: {},
    rings: { turn: "drawn" },
    waiting: null,
  },
  ...{ newestTrusted: null, exported: false, lastSuccess: null, lastFailure: null, logFork: null },
  ...{ reports: null, watch: null, releaseAgeSeconds: null, staleSeconds: null, proof: null, arrival: null },
  ...{ localRules: noRules, engines: [], leftOut: {} },
} as unknown as EndpointStatus;

const well = {
  ...fresh,
  ...{ installed: release(42), previous: release(40), newestTrusted: 42, exported: true, loadedRules: 3650 },
  exportedRules: { yara: 903, suricata: 14_230 },
  ...{ releaseAgeSeconds: 11_000, staleSeconds: 130 },
  lastSuccess: { at: "2026-11-22T12:00:00Z", release: 42 },
  rings: { turn: "early", pin: 42, delayHours: 4 },
  network: { mirrors: ["https://mirror.example"] },
  arrival: {
    ...{ release: 42, at: "2026-11-22T09:14:00Z", bytes: 1700, from: ["https://mirror.example"] },
    packs: [
      { kind: "delta", from: 40, to: 41, bytes: 700 },
      { kind: "delta", from: 41, to: 42, bytes: 1000 },
    ],
  },
  proof: {
    ...{ release: 42, manifestSha256: digest("b"), signer: "C=CH, O=Example AG, CN=Releases\\, for tests" },
    ...{ stampedAt: "2026-11-22T09:01:00Z", stampedBy: "CN=Example TSA, C=CH", rootVersion: 1 },
    signedBy: [
      { keyid: digest("c"), party: "publisher" },
      { keyid: digest("d"), party: "overseer" },
    ],
    log: { origin: "rules.example/log", index: 17, size: 18, witnesses: ["north", "south"] },
  },
  watch: { stoppedAt: null, nextPollAt: "2026-11-22T12:03:00Z", intervalSeconds: 60, failures: 0 },
  localRules: {
    ...noRules,
    choices: [
      { verb: "disable", kind: "suricata", by: "id", what: "1:2019401", since: "2026-11-20T00:00:00Z" },
    ],
    own: [{ kind: "yara", name: "mine.yar", sha256: digest("e"), bytes: 120, since: "2026-11-20T00:00:00Z" }],
    effect: {
      ...{ matches: [0], conflictsLeftOut: 0 },
      counts: {
        yara: { published: 900, disabled: 0, allowed: 0, enabled: 0, replaced: 1, own: 4 },
      },
      conflicts: [
        {
          ...{ type: "not-published", kind: "suricata", what: "1:2019401" },
          message: "no published rule has this id now",
        },
      ],
    },
  },
} as unknown as EndpointStatus;

describe("what a person sees", () => {
  it("of an endpoint that is well", () => {
    expect(
      describeStatus(well),
    ).toBe(`Release 42 of endpoint is in use, made 3 hours ago, checked 2 minutes ago.

release      42, 12.3 MB, sha256 ${"2".repeat(64)}
came         2 packs (40 to 41, 41 to 42), 1.7 kB, from https://mirror.example, 2026-11-22 09:14 UTC
before it    40, 12.3 MB, sha256 ${"0".repeat(64)}
engines      files of this release; 3,650 rules loaded
rules        903 yara, 14,230 suricata
source       https://rules.example, then https://mirror.example
checked      2026-11-22 12:00 UTC
next         2026-11-22 12:03 UTC, every 60 s

signed       by Releases, for tests, of Example AG, CH
stamped      2026-11-22 09:01 UTC by Example TSA, CH
co-signed    publisher cccccccccccc, overseer dddddddddddd
logged       entry 17 of 18 in rules.example/log, witnessed by north, south
root         version 1; policy root.json, sha256 ${"a".repeat(64)}

takes        with the first, pinned to release 42, not younger than 4 hours
local rules  1 disabled, 1 own file: 1 rule out, 4 in
             ! suricata 1:2019401: no published rule has this id now
reports      none: nobody is told anything`);
  });

  it("of one that is not: what to look at stands first", () => {
    const ill = {
      ...well,
      bad: { release: 43, code: "ENGINE_REFUSED" },
      newestTrusted: 43,
      lastFailure: {
        at: "2026-11-22T12:01:00Z",
        code: "FETCH_FAILED",
        message: "expected a server, got none",
      },
      watch: { ...well.watch, failures: 3, lastError: { code: "FETCH_FAILED", message: "no server" } },
    } as EndpointStatus;
    const [first, , ...lines] = describeStatus(ill).split("\n");
    expect(first).toBe("Release 42 of endpoint is in use, made 3 hours ago, checked 2 minutes ago.");
    expect(lines.slice(0, 4)).toEqual([
      "failed        2026-11-22 12:01 UTC, FETCH_FAILED: expected a server, got none",
      "failed here   release 43, ENGINE_REFUSED: not taken again (update --again)",
      "daemon fails  3 times in a row, FETCH_FAILED: no server",
      "",
    ]);
    expect(lines).toContain("newest        release 43");
  });

  it("of one that fetches rules of some kinds and keeps no database", () => {
    const fetched = {
      folder: "/etc/rules",
      release: 42,
      kinds: ["yara", "suricata"],
      at: "2026-11-22T09:14:00Z",
    };
    const fetching = {
      ...fresh,
      fetched,
      newestTrusted: 42,
      lastSuccess: well.lastSuccess,
    } as unknown as EndpointStatus;
    expect(describeStatus(fetching)).toBe(`Rules of release 42 of endpoint are here, without its database.

fetched      yara, suricata, 2026-11-22 09:14 UTC, into /etc/rules
source       https://rules.example
checked      2026-11-22 12:00 UTC

root         version 1; policy root.json, sha256 ${"a".repeat(64)}

takes        as its number falls
local rules  none: the engines get what was published
reports      none: nobody is told anything`);
  });

  it.each(["damaged", "lost"] as const)("of one whose database is %s", (damage) => {
    expect(describeStatus({ ...well, damage })).toMatch(
      `The database of release 42 of endpoint is ${damage}; the next update mends that. The engines' files stay.\n`,
    );
  });

  it("of one that has nothing yet", () => {
    expect(describeStatus(fresh)).toBe(`No release of endpoint is here yet.

engines      no files of this release yet
source       https://rules.example
checked      never

root         version 1; policy root.json, sha256 ${"a".repeat(64)}

takes        as its number falls
local rules  none: the engines get what was published
reports      none: nobody is told anything`);
  });
});
