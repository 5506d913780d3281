/** Ids beyond one ruleset, and names of trials. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Desk, openDesk } from "./desk.js";

const sid = (number: number, msg: string) =>
  `alert tcp any any -> any 80 (msg:"${msg}"; content:"${msg}"; sid:${number}; rev:1;)\n`;
const yara = (name: string, size = 1) => `rule ${name} { condition: filesize > ${size} }\n`;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk({ ceremony: false });
  await desk.addRules("first-sids", "suricata", { "a.rules": sid(7, "seven") + sid(8, "eight") });
  await desk.addRules("first-names", "yara", { "a.yar": yara("Taken") });
});
afterAll(() => desk.close());

describe("an id that another ruleset has", () => {
  it("is an error where one release cannot hold both, with its line", async () => {
    const one = await desk.submit("second-sids", "suricata", { "b.rules": sid(9, "nine") + sid(7, "other") });
    expect(one).toMatchObject({
      state: "refused",
      findings: [{ path: "b.rules", line: 2, severity: "error", code: "RULE_ID_TAKEN" }],
    });
  });

  it("is left out with the rules that have errors, when the author asks for that", async () => {
    const files = { "b.rules": sid(9, "nine") + sid(7, "other") };
    const one = await desk.submit("second-sids", "suricata", files, { leaveOutInvalid: true });
    expect(one).toMatchObject({ state: "open", rules: 1, leftOut: [{ path: "b.rules", line: 2 }] });
  });

  it("is no longer the ruleset's that has left its rule out", async () => {
    const files = { "c.rules": sid(9, "nine") + sid(8, "other") };
    await desk.approve(await desk.submit("third-sids", "suricata", files, { leaveOutInvalid: true }));
    const own = await desk.submit("first-sids", "suricata", {
      "a.rules": sid(7, "seven") + sid(8, "sharper"),
    });
    expect(own).toMatchObject({ state: "open", findings: [] });
  });

  it("SPEC §17.5.2 is refused at the approval, when the other ruleset took it meanwhile", async () => {
    const one = await desk.submit("race-one", "suricata", { "a.rules": sid(70, "one") });
    const same = await desk.submit("race-same", "suricata", { "a.rules": sid(70, "one") });
    const two = await desk.submit("race-two", "suricata", { "b.rules": sid(70, "two") + sid(71, "more") });
    expect([one, same, two].map(({ state }) => state)).toEqual(["open", "open", "open"]);
    const decided = await Promise.allSettled([one, two, same].map((each) => desk.approve(each)));
    expect(decided.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(decided[1]).toMatchObject({
      reason: { code: "RULE_CONFLICT", message: expect.stringMatching(/"1:70".*race-one/) },
    });
    await desk.approve(await desk.submit("race-two", "suricata", { "b.rules": sid(71, "more") }));
  });

  it("is nothing to say when it is the same rule, or the own ruleset's", async () => {
    const same = await desk.submit("second-sids", "suricata", { "b.rules": sid(7, "seven") });
    expect(same).toMatchObject({ state: "open", findings: [] });
    const own = await desk.submit("first-sids", "suricata", { "a.rules": sid(7, "sharper") });
    expect(own).toMatchObject({ state: "open", findings: [] });
  });

  it("is a warning where files are name spaces", async () => {
    const one = await desk.submit("second-names", "yara", { "b.yar": yara("Free") + yara("Taken", 2) });
    expect(one).toMatchObject({
      state: "open",
      findings: [{ path: "b.yar", line: 2, severity: "warning", code: "RULE_ID_TAKEN" }],
    });
  });
});

describe("a name of a trial", () => {
  it("SPEC §17.5.2 is refused", async () => {
    const one = await desk.submit("trial", "clamav", { "a.ndb": "Win.Test.Trial-1:0:*:6162636465\n" });
    expect(one).toMatchObject({ state: "refused", findings: [{ line: 1, code: "RULE_TEST_NAME" }] });
  });
});
