/** The cost model, against sums that can be done by hand. Real endpoints are held against it by `scripts/bench --fleet`. */
import { describe, expect, it } from "vitest";
import { planDelivery, simulatePacks } from "../../src/services/plan-delivery.js";

const wire = { metadataBytes: 1000, metadataRequests: 4, headerBytes: 100 };
const fleet = { endpoints: 10, releasesPerDay: 24, pollsPerDay: 24, edges: 2, spreadSeconds: 3600 };
const history = (behindMax: number) =>
  simulatePacks({ fullBytes: 1_000_000, deltaBytes: 500, growth: 1, behindMax });

describe("the cost of a fleet", () => {
  it("is one delta and the metadata at every release for those that are always on", () => {
    const { packs, newest } = history(8);
    const plan = planDelivery(packs, newest, { ...fleet, ages: [{ behind: 1, share: 1 }] }, wire);
    expect(plan.ages).toMatchObject([
      { packs: 1, packBytes: 500, updateBytes: 500 + 1000 + 5 * 100, updateRequests: 5 },
    ]);
    expect(plan.perEndpointDay).toEqual({ bytes: 24 * 2000, requests: 24 * 5 });
    expect(plan.cdn).toMatchObject({ bytesPerDay: 480_000, requestsPerDay: 1200 });
    expect(plan.cdn.bitsPerSecond).toBeCloseTo((8 * 480_000) / 86_400);
  });

  it("is polls for those that have nothing to fetch, and shares count", () => {
    const { packs, newest } = history(24);
    const ages = [
      { behind: 1, share: 0.5 },
      { behind: 24, share: 0.5 },
    ];
    const { perEndpointDay, ages: costs } = planDelivery(packs, newest, { ...fleet, ages }, wire);
    const once = costs[1]?.updateBytes as number;
    expect(costs[1]?.updatesPerDay).toBe(1);
    expect(perEndpointDay.bytes).toBeCloseTo(0.5 * 24 * 2000 + 0.5 * (once + 23 * 100));
  });

  it("is never more than the full pack, and an endpoint a year behind needs few packs", () => {
    const { packs, newest } = simulatePacks({
      fullBytes: 50_000,
      deltaBytes: 400,
      growth: 0.8,
      behindMax: 4000,
    });
    for (const behind of [1, 7, 63, 500, 4000]) {
      const { ages } = planDelivery(packs, newest, { ...fleet, ages: [{ behind, share: 1 }] }, wire);
      expect(ages[0]?.packBytes).toBeLessThanOrEqual(50_000);
      expect(ages[0]?.packs).toBeLessThanOrEqual(4);
    }
  });

  it("refuses shares that do not add up", () => {
    const { packs, newest } = history(8);
    const ages = [{ behind: 1, share: 0.9 }];
    expect(() => planDelivery(packs, newest, { ...fleet, ages }, wire)).toThrowError(/add up to 1/);
  });
});
