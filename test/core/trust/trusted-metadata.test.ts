/** Every lie that TUF metadata can tell, one row each, and the code it gets. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/core/errors.js";
import { keyID } from "../../../src/core/trust/keys.js";
import { TrustedMetadata } from "../../../src/core/trust/trusted-metadata.js";
import {
  type Choices,
  type Files,
  type Keys,
  feed,
  later,
  makeFiles,
  makeKeys,
  now,
  refresh,
} from "./repository.js";

let keys: Keys;
let strangers: Keys;
let good: Files;

beforeAll(async () => {
  [keys, strangers] = [await makeKeys(), await makeKeys()];
  good = await makeFiles(keys);
});

const code = (wanted: ErrorCode) => expect.objectContaining({ code: wanted });
const renamed = (object: Record<string, unknown>, from: string, to: string) => {
  object[to] = object[from];
  delete object[from];
};
// biome-ignore lint/suspicious/noExplicitAny: the tests reach into files of every shape
type Loose = any;

describe("TrustedMetadata", () => {
  it("trusts what the publisher's builders make", async () => {
    const trusted = await refresh(good);
    expect(trusted.targets?.delegations.map(({ name }) => name)).toEqual(["endpoint"]);
    expect(trusted.expected(feed)).toMatchObject({ version: 1, length: good.feed.length });
  });

  it("names both signers of a feed", async () => {
    const trusted = await refresh(good);
    const proven = await trusted.updateFeed(good.feed, feed);
    expect(proven.signers.map(({ keyid }) => keyid).sort()).toEqual(
      keys.feed.map(({ keyid }) => keyid).sort(),
    );
  });

  // --- one wrong thing in an otherwise sound publication ------------------------------------------
  const rows: [rule: string, wanted: ErrorCode, choices: () => Choices][] = [
    ["TUF §5.3.10 an expired root", "METADATA_EXPIRED", () => ({ expires: { root: -1 } })],
    ["TUF §5.4.4 an expired timestamp", "METADATA_EXPIRED", () => ({ expires: { timestamp: -1 } })],
    [
      "TUF §5.4.4 a timestamp that expires this instant",
      "METADATA_EXPIRED",
      () => ({ expires: { timestamp: 0 } }),
    ],
    ["TUF §5.5.6 an expired snapshot", "METADATA_EXPIRED", () => ({ expires: { snapshot: -1 } })],
    ["TUF §5.6.5 expired targets", "METADATA_EXPIRED", () => ({ expires: { targets: -1 } })],
    ["TUF §5.6.5 an expired feed", "METADATA_EXPIRED", () => ({ expires: { feed: -1 } })],
    [
      "a root signed by one key of two",
      "METADATA_THRESHOLD",
      () => ({ signers: { root: keys.root.slice(0, 1) } }),
    ],
    [
      "a timestamp signed by a stranger",
      "METADATA_THRESHOLD",
      () => ({ signers: { timestamp: strangers.timestamp } }),
    ],
    ["a timestamp without signatures", "METADATA_THRESHOLD", () => ({ signers: { timestamp: [] } })],
    [
      "a timestamp signed by the snapshot key",
      "METADATA_THRESHOLD",
      () => ({ signers: { timestamp: keys.snapshot } }),
    ],
    [
      "a snapshot signed by a stranger",
      "METADATA_THRESHOLD",
      () => ({ signers: { snapshot: strangers.snapshot } }),
    ],
    [
      "targets signed by one key of two",
      "METADATA_THRESHOLD",
      () => ({ signers: { targets: keys.targets.slice(1) } }),
    ],
    [
      "a feed signed by the publisher alone",
      "METADATA_THRESHOLD",
      () => ({ signers: { feed: keys.feed.slice(0, 1) } }),
    ],
    [
      "a feed signed by the overseer alone",
      "METADATA_THRESHOLD",
      () => ({ signers: { feed: keys.feed.slice(1) } }),
    ],
    [
      "a feed signed by publisher and a stranger",
      "METADATA_THRESHOLD",
      () => ({ signers: { feed: [keys.feed[0]!, strangers.feed[1]!] } }),
    ],
    [
      "SPEC §5.2.2 the same key id twice among the signatures",
      "METADATA_MALFORMED",
      () => ({
        file: {
          feed: (file: Loose) => ({ ...file, signatures: [file.signatures[0], file.signatures[0]] }),
        },
      }),
    ],
    [
      "one signature under the other's key id",
      "METADATA_THRESHOLD",
      () => ({
        file: {
          feed: ({ signed, signatures: [a, b] }: Loose) => ({
            signed,
            signatures: [a, { ...b, sig: a.sig }],
          }),
        },
      }),
    ],
    [
      "an upper-case signature",
      "METADATA_THRESHOLD",
      () => ({
        file: {
          timestamp: ({ signed, signatures: [a] }: Loose) => ({
            signed,
            signatures: [{ ...a, sig: a.sig.toUpperCase() }],
          }),
        },
      }),
    ],
    [
      "a change after signing",
      "METADATA_THRESHOLD",
      () => ({ file: { targets: (file: Loose) => ({ ...file, signed: { ...file.signed, version: 2 } }) } }),
    ],
    [
      "SPEC §5.3.5 a threshold of 0",
      "METADATA_MALFORMED",
      () => ({ edit: { root: (s: Loose) => (s.roles.targets.threshold = 0) } }),
    ],
    [
      "a delegation with a threshold of 0",
      "METADATA_MALFORMED",
      () => ({ edit: { targets: (s: Loose) => (s.delegations.roles[0].threshold = 0) } }),
    ],
    [
      "a threshold that no number of keys can reach",
      "METADATA_THRESHOLD",
      () => ({ edit: { root: (s: Loose) => (s.roles.timestamp.threshold = 2) } }),
    ],
    [
      "SPEC §5.2.1 a key id that is not its key's hash",
      "METADATA_MALFORMED",
      () => ({ edit: { root: (s: Loose) => renamed(s.keys, keys.timestamp[0]!.keyid, "0".repeat(64)) } }),
    ],
    [
      "a role that names an unknown key",
      "METADATA_MALFORMED",
      () => ({ edit: { root: (s: Loose) => s.roles.timestamp.keyids.push("0".repeat(64)) } }),
    ],
    [
      "a role that names a key twice",
      "METADATA_MALFORMED",
      () => ({ edit: { root: (s: Loose) => s.roles.targets.keyids.push(s.roles.targets.keyids[0]) } }),
    ],
    [
      "a missing role",
      "METADATA_MALFORMED",
      () => ({ edit: { root: (s: Loose) => delete s.roles.snapshot } }),
    ],
    ["a version of 0", "METADATA_MALFORMED", () => ({ versions: { timestamp: 0 } })],
    [
      "a spec_version of 2",
      "METADATA_MALFORMED",
      () => ({ edit: { timestamp: (s: Loose) => (s.spec_version = "2.0.0") } }),
    ],
    [
      "an expiry with fractions",
      "METADATA_MALFORMED",
      () => ({ edit: { timestamp: (s: Loose) => (s.expires = "2027-01-01T00:00:00.5Z") } }),
    ],
    [
      "an expiry on a day that does not exist",
      "METADATA_MALFORMED",
      () => ({ edit: { timestamp: (s: Loose) => (s.expires = "2027-02-30T00:00:00Z") } }),
    ],
    [
      "an expiry without a time zone",
      "METADATA_MALFORMED",
      () => ({ edit: { timestamp: (s: Loose) => (s.expires = "2027-02-01T00:00:00") } }),
    ],
    [
      "a timestamp about more than the snapshot",
      "METADATA_MALFORMED",
      () => ({ edit: { timestamp: (s: Loose) => (s.meta["root.json"] = s.meta["snapshot.json"]) } }),
    ],
    [
      "hashes without SHA-256",
      "METADATA_MALFORMED",
      () => ({
        edit: { timestamp: (s: Loose) => renamed(s.meta["snapshot.json"].hashes, "sha256", "sha512") },
      }),
    ],
    [
      "SPEC §5.3.2 a role name with a way out of its folder",
      "METADATA_MALFORMED",
      () => ({ edit: { targets: (s: Loose) => (s.delegations.roles[0].name = "../endpoint") } }),
    ],
    [
      "two delegations to one role",
      "METADATA_MALFORMED",
      () => ({ edit: { targets: (s: Loose) => s.delegations.roles.push(s.delegations.roles[0]) } }),
    ],
    [
      "SPEC §5.3.8, TUF §5.6.7.2: a target outside the delegated paths",
      "TARGET_UNKNOWN",
      () => ({ edit: { feed: (s: Loose) => renamed(s.targets, "endpoint/1.full.rmp", "other/1.full.rmp") } }),
    ],
    [
      "a target below the delegated folder",
      "TARGET_UNKNOWN",
      () => ({
        edit: { feed: (s: Loose) => renamed(s.targets, "endpoint/1.full.rmp", "endpoint/a/1.full.rmp") },
      }),
    ],
    [
      "a feed that targets no longer delegate to",
      "METADATA_MISSING",
      () => ({ edit: { targets: (s: Loose) => (s.delegations.roles = []) } }),
    ],
    [
      "a feed that the snapshot does not list",
      "METADATA_MISSING",
      () => ({ edit: { snapshot: (s: Loose) => delete s.meta["endpoint.json"] } }),
    ],
    [
      "targets that the snapshot does not list",
      "METADATA_MISSING",
      () => ({ edit: { snapshot: (s: Loose) => delete s.meta["targets.json"] } }),
    ],
    [
      "TUF §5.5.4 another snapshot version than the timestamp says",
      "METADATA_MISMATCH",
      () => ({ edit: { timestamp: (s: Loose) => (s.meta["snapshot.json"].version = 2) } }),
    ],
    [
      "TUF §5.6.4 another feed version than the snapshot says",
      "METADATA_MISMATCH",
      () => ({ edit: { snapshot: (s: Loose) => (s.meta["endpoint.json"].version = 2) } }),
    ],
    [
      "a snapshot longer than the timestamp says",
      "METADATA_MISMATCH",
      () => ({ edit: { timestamp: (s: Loose) => (s.meta["snapshot.json"].length = 10) } }),
    ],
    [
      "a feed with another hash than the snapshot says",
      "METADATA_MISMATCH",
      () => ({ edit: { snapshot: (s: Loose) => (s.meta["endpoint.json"].hashes.sha256 = "0".repeat(64)) } }),
    ],
  ];
  it.each(rows)("refuses %s: %s", async (_rule, wanted, choices) => {
    await expect(makeFiles(keys, choices()).then((files) => refresh(files))).rejects.toThrowError(
      code(wanted),
    );
  });

  it("SPEC §5.2.2 counts one public key once, under however many key ids", async () => {
    const twin = (file: Loose) => {
      const { signed, signatures } = file;
      return { signed, signatures: [...signatures, { ...signatures[0], keyid: twinID }] };
    };
    const publisher = keys.feed[0]!;
    const pem = publisher.key.keyval.public;
    const twinKey = { ...publisher.key, keyval: { public: pem.trimEnd() } };
    const twinID = keyID(twinKey);
    const files = await makeFiles(keys, {
      edit: {
        targets: (s: Loose) => {
          s.delegations.keys[twinID] = twinKey;
          s.delegations.roles[0].keyids.push(twinID);
        },
      },
      signers: { feed: [publisher] },
      file: { feed: twin },
    });
    await expect(refresh(files)).rejects.toThrowError(code("METADATA_THRESHOLD"));
  });

  it("lets keys of unknown schemes stand, and never counts them", async () => {
    const future = { keytype: "ml-dsa", scheme: "ml-dsa-65", keyval: { public: "00" }, "x-note": "later" };
    const id = keyID(future);
    const files = await makeFiles(keys, {
      edit: {
        root: (s: Loose) => {
          s.keys[id] = future;
          s.roles.timestamp.keyids.push(id);
          s["x-other"] = { deep: [1] };
        },
      },
      file: {
        timestamp: ({ signed, signatures }: Loose) => ({
          signed,
          signatures: [...signatures, { keyid: id, sig: "00" }],
        }),
      },
    });
    await refresh(files);
  });

  it("keeps its state when it refuses", async () => {
    const trusted = await refresh(good);
    const bad = await makeFiles(keys, { versions: { timestamp: 2, snapshot: 2 }, signers: { snapshot: [] } });
    await trusted.updateTimestamp(bad.timestamp);
    const before = trusted.snapshot;
    await expect(trusted.updateSnapshot(bad.snapshot)).rejects.toThrowError(code("METADATA_THRESHOLD"));
    expect(trusted.snapshot).toBe(before);
  });

  it("refuses a timestamp with any one bit changed", async () => {
    for (let at = 0; at < good.timestamp.length - 1; at++) {
      const bent = Uint8Array.from(good.timestamp);
      bent[at] = (bent[at] as number) ^ (1 << (at % 8));
      const trusted = await TrustedMetadata.start(good.root, now);
      await expect(trusted.updateTimestamp(bent)).rejects.toThrowError(
        expect.objectContaining({ code: expect.stringMatching(/^(METADATA|JSON|TEXT|ENCODING)_/) }),
      );
    }
  });

  it.each(["{}", "", "[]", '{"signed":{},"signatures":[]}', '{"signed":{"_type":"timestamp"}}', "\u0000"])(
    "refuses the bytes %j as a file",
    async (text) => {
      const trusted = await TrustedMetadata.start(good.root, now);
      await expect(trusted.updateTimestamp(new TextEncoder().encode(text))).rejects.toThrowError(
        expect.objectContaining({ code: expect.stringMatching(/^(METADATA|JSON)_MALFORMED$/) }),
      );
    },
  );

  it("refuses a root where a timestamp should be", async () => {
    const trusted = await TrustedMetadata.start(good.root, now);
    await expect(trusted.updateTimestamp(good.root)).rejects.toThrowError(code("METADATA_MALFORMED"));
  });
});

describe("TrustedMetadata with what was stored before", () => {
  const newer: Choices = { versions: { timestamp: 5, snapshot: 5, targets: 5, feed: 5 } };
  const rows: [rule: string, wanted: ErrorCode, offered: Choices][] = [
    [
      "TUF §5.4.3.1 an older timestamp",
      "METADATA_ROLLBACK",
      { versions: { ...newer.versions, timestamp: 4 } },
    ],
    [
      "TUF §5.4.3.2 an older snapshot in a newer timestamp",
      "METADATA_ROLLBACK",
      { versions: { ...newer.versions, timestamp: 6, snapshot: 4 } },
    ],
    [
      "TUF §5.5.5 older targets in a newer snapshot",
      "METADATA_ROLLBACK",
      { versions: { timestamp: 6, snapshot: 6, targets: 4, feed: 5 } },
    ],
    [
      "TUF §5.5.5 an older feed in a newer snapshot",
      "METADATA_ROLLBACK",
      { versions: { timestamp: 6, snapshot: 6, targets: 5, feed: 4 } },
    ],
    [
      "TUF §5.5.5 a newer snapshot that has lost a feed",
      "METADATA_MISSING",
      {
        versions: { timestamp: 6, snapshot: 6, targets: 5, feed: 5 },
        edit: { snapshot: (s: Loose) => delete s.meta["endpoint.json"] },
      },
    ],
  ];
  it.each(rows)("refuses %s: %s", async (_rule, wanted, choices) => {
    const stored = await makeFiles(keys, newer);
    const offered = await makeFiles(keys, choices);
    await expect(
      refresh(offered, { timestamp: stored.timestamp, snapshot: stored.snapshot }),
    ).rejects.toThrowError(code(wanted));
  });

  it("TUF §5.4.3.1 takes an equal timestamp version quietly, and keeps the stored one", async () => {
    const trusted = await refresh(good);
    const twin = await makeFiles(keys, { expires: { timestamp: 20 } });
    expect(await trusted.updateTimestamp(twin.timestamp)).toBe(false);
    expect(trusted.timestamp?.expires).toEqual(later(10));
  });

  it("sees a freeze: the stored timestamp again, after it has expired", async () => {
    await expect(refresh(good, { timestamp: good.timestamp }, later(11))).rejects.toThrowError(
      code("METADATA_EXPIRED"),
    );
  });

  it("uses an expired stored timestamp as a floor only", async () => {
    const old = await makeFiles(keys, {
      versions: { timestamp: 9, snapshot: 9 },
      expires: { timestamp: -5 },
    });
    await expect(refresh(good, { timestamp: old.timestamp })).rejects.toThrowError(code("METADATA_ROLLBACK"));
    const next = await makeFiles(keys, { versions: { timestamp: 10, snapshot: 9 } });
    await refresh(next, { timestamp: old.timestamp });
  });

  it("sees a mix: today's timestamp with yesterday's snapshot", async () => {
    const next = await makeFiles(keys, newer);
    await expect(refresh({ ...next, snapshot: good.snapshot })).rejects.toThrowError(
      code("METADATA_MISMATCH"),
    );
  });

  it("SPEC §5.3.4 obeys the delegator of today, even about a feed file it trusted yesterday", async () => {
    const replaced: Keys = { ...keys, feed: strangers.feed };
    const today = await makeFiles(replaced, {
      versions: { timestamp: 2, snapshot: 2, targets: 2 },
      signers: { feed: keys.feed },
    });
    await expect(refresh(today, { timestamp: good.timestamp, snapshot: good.snapshot })).rejects.toThrowError(
      code("METADATA_THRESHOLD"),
    );
  });
});

describe("TrustedMetadata, the chain of roots", () => {
  it("follows a new root that old and new keys signed", async () => {
    const next: Keys = { ...keys, root: strangers.root };
    const both = [...keys.root.slice(0, 2), ...strangers.root.slice(0, 2)];
    const files = await makeFiles(next, { versions: { root: 2 }, signers: { root: both } });
    const trusted = await refresh(files, { root: good.root });
    expect(trusted.root.version).toBe(2);
  });

  const rows: [rule: string, wanted: ErrorCode, choices: () => [Keys, Choices]][] = [
    [
      "TUF §5.3.4 a root that the old keys did not sign",
      "METADATA_THRESHOLD",
      () => [{ ...keys, root: strangers.root }, { versions: { root: 2 } }],
    ],
    [
      "TUF §5.3.4 a root that its own keys did not sign",
      "METADATA_THRESHOLD",
      () => [
        { ...keys, root: strangers.root },
        { versions: { root: 2 }, signers: { root: keys.root } },
      ],
    ],
    ["TUF §5.3.5 a root that skips a version", "ROOT_CHAIN_BROKEN", () => [keys, { versions: { root: 3 } }]],
    [
      "TUF §5.3.5 an older root",
      "ROOT_CHAIN_BROKEN",
      () => [keys, { versions: { root: 1 }, expires: { root: 11 } }],
    ],
  ];
  it.each(rows)("refuses %s: %s", async (_rule, wanted, choices) => {
    const [someKeys, some] = choices();
    const files = await makeFiles(someKeys, some);
    await expect(refresh(files, { root: good.root })).rejects.toThrowError(code(wanted));
  });

  it("TUF §5.3.9 ignores the expiry of a root on the way", async () => {
    const second = await makeFiles(keys, { versions: { root: 2 }, expires: { root: -3 } });
    const third = await makeFiles(keys, { versions: { root: 3 } });
    const trusted = await TrustedMetadata.start(good.root, now);
    await trusted.updateRoot(second.root);
    await trusted.updateRoot(third.root);
    trusted.finishRoot();
  });

  it("TUF §5.3.11 forgets stored versions when the timestamp or snapshot keys change", async () => {
    const stolen = await makeFiles(keys, { versions: { timestamp: 2 ** 40, snapshot: 2 ** 40 } });
    const rotated: Keys = { ...keys, timestamp: strangers.timestamp, snapshot: strangers.snapshot };
    const files = await makeFiles(rotated, { versions: { root: 2, timestamp: 2, snapshot: 2 } });
    const trusted = await refresh(stolen);
    expect(await trusted.updateRoot(files.root)).toBe(true);
    await trusted.updateTimestamp(files.timestamp);
    await trusted.updateSnapshot(files.snapshot);
    expect(trusted.timestamp?.version).toBe(2);
  });

  it("says that nothing was rotated when only root keys change", async () => {
    const files = await makeFiles(keys, { versions: { root: 2 } });
    const trusted = await TrustedMetadata.start(good.root, now);
    expect(await trusted.updateRoot(files.root)).toBe(false);
  });
});
