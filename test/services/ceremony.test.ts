/** Root and targets ceremonies: proposed, carried from hand to hand, signed one by one, published whole or not at all. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../src/core/errors.js";
import { metadataPath } from "../../src/core/release/tree-paths.js";
import { describeChange } from "../../src/core/trust/describe-change.js";
import { parseEnvelope, parseRoot, parseTargets } from "../../src/core/trust/metadata.js";
import { type Proposal, demandsOf, formatProposal, parseProposal } from "../../src/core/trust/proposal.js";
import { signingPayload } from "../../src/issuing/tuf-signatures.js";
import { type ChangeRequest, proposeChange } from "../../src/services/propose-change.js";
import { publishProposals } from "../../src/services/publish-proposal.js";
import { addProposalSignature, signProposal } from "../../src/services/sign-proposal.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { type Desk, openDesk } from "./desk.js";

let desk: Desk;
let shares: readonly [TestSigner, TestSigner, TestSigner];
beforeEach(async () => {
  desk = await openDesk();
  shares = desk.shares as typeof shares;
});
afterEach(() => desk.close());

const code = (wanted: ErrorCode) => expect.objectContaining({ code: wanted });
const nothing = { add: [], remove: [], thresholds: [], expiryDays: 365 } as const;
const propose = (role: "root" | "targets", change: Partial<ChangeRequest> = {}) =>
  proposeChange(desk.context, { role, ...nothing, ...change });
/** To a file and back between every two hands. */
async function signedBy(proposal: Proposal, ...signers: readonly TestSigner[]): Promise<Proposal> {
  let carried = proposal;
  for (const signer of signers) carried = parseProposal(formatProposal(await signProposal(carried, signer)));
  return carried;
}
const changes = ({ role, current, next }: Proposal) =>
  describeChange(parseEnvelope(current, role).signed, parseEnvelope(next, role).signed);
const publishedRoot = async (version: number) =>
  parseRoot(
    parseEnvelope((await desk.context.tree.read(metadataPath("root", version))) as Uint8Array, "root").signed,
  );

describe("a root ceremony", () => {
  it("exchanges a lost share: the two others sign, and everybody follows", async () => {
    const fresh = await testSigner();
    const proposal = await propose("root", {
      remove: [{ role: "root", key: "overseer-root" }],
      add: [{ role: "root", name: "overseer-root-2", key: fresh.key }],
    });
    expect(changes(proposal)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^- roles\.root\.keyids: overseer-root \(/),
        expect.stringMatching(/^\+ roles\.root\.keyids: overseer-root-2 \(/),
        "~ version: 1 -> 2",
      ]),
    );
    const signed = await signedBy(proposal, shares[0], shares[1]);
    expect(await publishProposals(desk.context, [signed])).toEqual({ rootVersion: 2, targetsVersion: 1 });
    const { keys, threshold } = (await publishedRoot(2)).roles.root;
    expect([...keys.keys()].sort()).toEqual([shares[0].keyid, shares[1].keyid, fresh.keyid].sort());
    expect(threshold).toBe(2);
  });

  it("SPEC §5.6.3 publishes nothing below the threshold, and names who is missing", async () => {
    const signed = await signedBy(await propose("root"), shares[0]);
    await expect(publishProposals(desk.context, [signed])).rejects.toThrowError(
      expect.objectContaining({ code: "METADATA_THRESHOLD", message: expect.stringContaining("vendor-2") }),
    );
    expect(await desk.context.tree.read(metadataPath("root", 2))).toBeUndefined();
  });

  it("needs the new keys as well as the old", async () => {
    const fresh = [await testSigner(), await testSigner(), await testSigner()] as const;
    const proposal = await propose("root", {
      remove: ["vendor-1", "vendor-2", "overseer-root"].map((key) => ({ role: "root", key })),
      add: fresh.map(({ key }, i) => ({ role: "root", name: `new-${i}`, key })),
    });
    const half = await signedBy(proposal, shares[0], shares[1], fresh[0]);
    await expect(publishProposals(desk.context, [half])).rejects.toThrowError(
      expect.objectContaining({
        code: "METADATA_THRESHOLD",
        message: expect.stringContaining("its own root keys"),
      }),
    );
    const whole = await signedBy(half, fresh[2]);
    expect(await publishProposals(desk.context, [whole])).toMatchObject({ rootVersion: 2 });
  });

  it("SPEC §5.6.2 turns a wrong key away by name, before it signs", async () => {
    const stranger = await testSigner();
    const asked: string[] = [];
    const watched = {
      ...stranger,
      sign: (message: Uint8Array) => {
        asked.push("signed");
        return stranger.sign(message);
      },
    };
    await expect(signProposal(await propose("root"), watched)).rejects.toThrowError(
      expect.objectContaining({
        code: "SIGNATURE_REFUSED",
        message: expect.stringMatching(/vendor-1 .*got one by key/),
      }),
    );
    expect(asked).toEqual([]);
  });

  it("takes a signature that another tool made, and no other one", async () => {
    const proposal = await propose("root");
    const good = await shares[0].sign(signingPayload(proposal.next));
    const taken = await addProposalSignature(proposal, shares[0].keyid, good);
    expect((await demandsOf(taken))[0]).toMatchObject({ signed: 1, threshold: 2 });
    for (const [keyid, signature] of [
      [shares[1].keyid, good],
      [shares[0].keyid, good.map((byte, i) => (i === 9 ? byte ^ 1 : byte))],
      [(await testSigner()).keyid, good],
    ] as const) {
      await expect(addProposalSignature(proposal, keyid, signature)).rejects.toThrowError(
        code("SIGNATURE_REFUSED"),
      );
    }
  });

  it("counts one share once, however often it signs", async () => {
    const signed = await signedBy(await propose("root"), shares[0], shares[0]);
    await expect(publishProposals(desk.context, [signed])).rejects.toThrowError(code("METADATA_THRESHOLD"));
  });

  it("SPEC §5.6.4 shows every change, even one that this program does not know", async () => {
    const proposal = await propose("root");
    const { signed } = JSON.parse(new TextDecoder().decode(proposal.next));
    const bent = { ...signed, consistent_snapshot: false, "x-other": { evil: ["yes"] } };
    const next = new TextEncoder().encode(JSON.stringify({ signatures: [], signed: bent }));
    expect(changes({ ...proposal, next })).toEqual(
      expect.arrayContaining(["~ consistent_snapshot: true -> false", "+ x-other.evil: yes"]),
    );
  });

  it.each([
    ["a member that reads like an entry", { "x: y": 1 }, { "x: y": 2 }],
    ["a member that reads like a path", { "a.b": 1 }, { a: { b: 1 } }],
    ["an empty member", {}, { x: {} }],
    ["a list that was emptied", { x: ["1"] }, { x: [] }],
    ["a number for a text", { x: "1" }, { x: 1 }],
    ["a text for true", { x: "true" }, { x: true }],
    ["the order of roles", { x: [{ name: "a" }, { name: "b" }] }, { x: [{ name: "b" }, { name: "a" }] }],
    ["one end of a long text", { x: "a".repeat(200) }, { x: `${"a".repeat(199)}b` }],
  ] as const)("SPEC §5.6.4 shows %s", (_name, before, after) => {
    expect(describeChange(before, after).length).toBeGreaterThan(0);
    expect(describeChange(after, before).length).toBeGreaterThan(0);
    expect(describeChange(after, after)).toEqual([]);
  });

  it("SPEC §5.6.4 shows a key that takes another's name, under its own name", async () => {
    const proposal = await propose("root");
    const { signed } = JSON.parse(new TextDecoder().decode(proposal.next));
    const [one, two] = [shares[0].keyid, shares[1].keyid];
    const names = { ...signed["x-rulemint"].names, [one]: "vendor-2", [two]: "vendor-1" };
    signed["x-rulemint"].names = names;
    signed.roles.root.keyids = signed.roles.root.keyids.filter((id: string) => id !== one);
    const next = new TextEncoder().encode(JSON.stringify({ signatures: [], signed }));
    const lines = changes({ ...proposal, next });
    expect(lines).toContain(`~ x-rulemint.names.${one}: vendor-1 -> vendor-2`);
    expect(lines).toContain(`- roles.root.keyids: vendor-1 (${one})`);
  });

  it("SPEC §5.6.5 lets only one of two proposals win", async () => {
    const one = await signedBy(await propose("root"), shares[0], shares[1]);
    const two = await signedBy(await propose("root", { expiryDays: 30 }), shares[0], shares[1]);
    await publishProposals(desk.context, [one]);
    await expect(publishProposals(desk.context, [two])).rejects.toThrowError(code("RELEASE_STATE"));
  });

  it("SPEC §5.6.1 refuses a proposal whose shown change is not the change", async () => {
    const text = new TextDecoder().decode(formatProposal(await propose("root")));
    const file = JSON.parse(text);
    const lie = { ...file, current: JSON.stringify({ ...JSON.parse(file.current), note: 1 }) };
    expect(() => parseProposal(new TextEncoder().encode(JSON.stringify(lie)))).toThrowError(
      code("METADATA_MALFORMED"),
    );
    const skipped = { ...file, next: { ...file.next, signed: { ...file.next.signed, version: 9 } } };
    const proposal = parseProposal(new TextEncoder().encode(JSON.stringify(skipped)));
    await expect(demandsOf(proposal)).rejects.toThrowError(code("METADATA_MALFORMED"));
  });

  it.each([
    ["a threshold of 0", { thresholds: [{ role: "root", threshold: 0 }] }, "RELEASE_STATE"],
    ["more than there are keys", { thresholds: [{ role: "root", threshold: 4 }] }, "RELEASE_STATE"],
    ["a role that is not there", { thresholds: [{ role: "other", threshold: 1 }] }, "USAGE"],
    ["a key that is not there", { remove: [{ role: "root", key: "vendor-9" }] }, "USAGE"],
  ] as const)("does not propose %s", async (_name, change, wanted) => {
    await expect(propose("root", change)).rejects.toThrowError(code(wanted));
  });

  it("rotates the online keys in one step with targets that new keys sign", async () => {
    const [timestamp, snapshot, a, b] = await Promise.all(Array.from({ length: 4 }, () => testSigner()));
    if (!timestamp || !snapshot || !a || !b) throw new Error("expected four signers");
    const root = await propose("root", {
      add: [
        { role: "timestamp", name: "timestamp-2", key: timestamp.key },
        { role: "snapshot", name: "snapshot-2", key: snapshot.key },
        { role: "targets", name: "targets-a", key: a.key },
        { role: "targets", name: "targets-b", key: b.key },
      ],
      remove: [
        { role: "timestamp", key: idOf(desk.context.timestamp as TestSigner) },
        { role: "snapshot", key: idOf(desk.context.snapshot as TestSigner) },
        { role: "targets", key: "vendor-1" },
        { role: "targets", key: "vendor-2" },
      ],
    });
    const signedRoot = await signedBy(root, shares[0], shares[2]);
    const targets = await signedBy(await propose("targets", { under: signedRoot }), a, b);
    // The service still has the old online keys: customers would refuse what it signs.
    await expect(publishProposals(desk.context, [signedRoot, targets])).rejects.toThrowError(
      code("METADATA_THRESHOLD"),
    );
    expect(await desk.context.tree.read(metadataPath("root", 2))).toBeUndefined();
    const context = { ...desk.context, timestamp, snapshot };
    expect(await publishProposals(context, [signedRoot, targets])).toEqual({
      rootVersion: 2,
      targetsVersion: 2,
    });
  });
});

const idOf = (signer: TestSigner) => signer.keyid.slice(0, 12);

describe("a targets ceremony", () => {
  it("lists a new publisher key beside the old one", async () => {
    const fresh = await testSigner("ecdsa-p256-sha256");
    const add = [{ role: "endpoint", party: "publisher", name: "publisher-2027", key: fresh.key }] as const;
    const proposal = await propose("targets", { add });
    expect(
      changes(proposal).some((line) =>
        line.startsWith("+ x-rulemint.parties.endpoint.publisher: publisher-2027"),
      ),
    ).toBe(true);
    await publishProposals(desk.context, [await signedBy(proposal, shares[0], shares[1])]);
    const file = (await desk.context.tree.read(metadataPath("targets", 2))) as Uint8Array;
    expect(parseTargets(parseEnvelope(file, "targets").signed).delegations[0]).toMatchObject({
      threshold: 2,
    });
  });

  it("SPEC §5.6.6 does not take away the key that the manifest in use needs", async () => {
    await desk.addRules("larch", "ioc", { "a.txt": "one.example\n" });
    await desk.release();
    const fresh = await testSigner("ecdsa-p256-sha256");
    const proposal = await propose("targets", {
      add: [{ role: "endpoint", party: "publisher", name: "publisher-2027", key: fresh.key }],
      remove: [{ role: "endpoint", key: (desk.context.publisher as TestSigner).keyid }],
    });
    await expect(
      publishProposals(desk.context, [await signedBy(proposal, shares[0], shares[1])]),
    ).rejects.toThrowError(
      expect.objectContaining({
        code: "METADATA_THRESHOLD",
        message: expect.stringContaining("publish one by the new key first"),
      }),
    );
  });

  it("SPEC §5.6.7 never gives a feed to one key", async () => {
    await expect(
      propose("targets", { thresholds: [{ role: "endpoint", threshold: 1 }] }),
    ).rejects.toThrowError(code("RELEASE_STATE"));
  });

  it("wants to know whose a new key is", async () => {
    const { key } = await testSigner();
    await expect(propose("targets", { add: [{ role: "endpoint", name: "x", key }] })).rejects.toThrowError(
      code("USAGE"),
    );
  });
});
