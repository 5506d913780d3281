/** Reports come from anybody: one corner of the network does not speak for the fleet. */
import { describe, expect, it } from "vitest";
import { limitReports, sourceOf } from "../../src/http/limit-reports.js";

describe("SPEC §16.5.5 a source of reports", () => {
  it.each([
    ["192.0.2.7", "192.0.2"],
    ["::ffff:192.0.2.200", "192.0.2"],
    ["2001:db8:5:6::1", "2001:db8:5"],
    ["2001:db8:5::9", "2001:db8:5"],
    ["::1", "0:0:0"],
  ])("%s is %s", (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });

  it("may send so many in an hour, and others are not made to wait", () => {
    let now = 0;
    const limit = limitReports(2, () => now);
    const from = (remoteAddress: string) => {
      let passed = false;
      const headers: Record<string, string> = {};
      const response = { set: (name: string, value: string) => Object.assign(headers, { [name]: value }) };
      try {
        void limit({ socket: { remoteAddress } } as never, response as never, () => {
          passed = true;
        });
      } catch (error) {
        expect(error).toMatchObject({ code: "RATE_LIMITED" });
        expect(headers["Retry-After"]).toBe("3600");
      }
      return passed;
    };
    expect(["192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1"].map(from)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    now = 3_600_000;
    expect(from("192.0.2.3")).toBe(true);
  });
});
