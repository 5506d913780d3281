/** An overseer that follows a feed: it survives networks that fail, being killed between two steps, and publishers who lie. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDesk as openDeskClient } from "../../src/adapters/desk/http.js";
import type { AssayContext } from "../../src/assay/model.js";
import { watchReleases, type WatchReport } from "../../src/assay/watch.js";
import { OperationError } from "../../src/core/errors.js";
import { feed } from "../services/desk.js";
import { openService, type TestService } from "../support/service.js";
import { type Loose, type Overseer, openOverseer, restage } from "./overseer.js";

let service: TestService;
let overseer: Overseer | undefined;
beforeEach(async () => {
  service = await openService();
  await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
});
afterEach(async () => {
  await overseer?.close();
  overseer = undefined;
  await service.close();
});

async function watch(
  rounds: number,
  change: Partial<AssayContext> = {},
): Promise<WatchReport & { heard: string[] }> {
  await overseer?.close();
  overseer = await openOverseer(service, change);
  const heard: string[] = [];
  let left = rounds - 1;
  const told = new AbortController();
  const report = await watchReleases(overseer.context, {
    feeds: [feed],
    once: rounds === 1,
    waitSeconds: 0,
    stop: told.signal,
    pause: async () => {
      if (left-- <= 0) told.abort();
    },
    onVerdict: ({ result, release }) => heard.push(`${result} ${release}`),
    onFailure: ({ code }) => heard.push(code),
  });
  await service.settled();
  return { ...report, heard };
}

const client = () => openDeskClient({ server: service.origin, token: service.tokens.overseer });

describe("an overseer that watches", () => {
  it("SPEC §17.7.3 waits for a change in one request, and hears of it at once", async () => {
    const release = await service.desk.build();
    const told = new AbortController();
    const asked: string[] = [];
    const desk = {
      ...client(),
      releases: async (...given: Parameters<ReturnType<typeof client>["releases"]>) => {
        const list = await client().releases(...given);
        asked.push(list === given[1]?.known ? "nothing new" : list.items.map(({ state }) => state).join());
        return list;
      },
    };
    overseer = await openOverseer(service, { desk });
    const heard: string[] = [];
    const watching = watchReleases(overseer.context, {
      ...{ feeds: [feed], once: false, waitSeconds: 60, stop: told.signal },
      pause: async () => expect.fail("the service waits"),
      onVerdict: ({ result, release }) => heard.push(`${result} ${release}`),
      onFailure: ({ code }) => heard.push(code),
    });
    await vi.waitFor(() => expect(asked).toEqual(["signed", "assayed"]), 20_000);
    await service.desk.publish(release);
    await vi.waitFor(() => expect(asked.at(-1)).toBe("published"), 20_000);
    await service.desk.addRules("hosts", "ioc", { "h.txt": "worse.example.com\n" });
    await service.desk.build();
    await vi.waitFor(() => expect(heard).toEqual(["PASSED 1", "PASSED 2"]), 20_000);
    told.abort();
    const { verdicts, failures } = await watching;
    expect({ verdicts: verdicts.length, failures }).toEqual({ verdicts: 2, failures: [] });
    expect(asked.at(-1)).toBe("nothing new");
  });

  it("SPEC §17.7.3 gives an answer again to a desk that forgot it", async () => {
    const release = await service.desk.build();
    expect((await watch(1)).heard).toEqual(["PASSED 1"]);
    await restage(service, release, () => undefined);
    expect((await watch(1)).heard).toEqual(["PASSED 1"]);
  });

  it("SPEC §10.3.5 signs what comes, once, and has nothing to do afterwards", async () => {
    const release = await service.desk.build();
    expect((await watch(3)).heard).toEqual(["PASSED 1"]);
    expect((await watch(1)).heard).toEqual([]);
    expect((await service.desk.publish(release)).state).toBe("published");
  });

  it("SPEC §10.3.5 asks again when the network fails, and gives no answer meanwhile", async () => {
    await service.desk.build();
    let failures = 2;
    const desk = {
      ...client(),
      manifest: async (...given: Parameters<ReturnType<typeof client>["manifest"]>) => {
        if (failures-- > 0) throw new OperationError("FETCH_FAILED", "expected an answer, got none");
        return client().manifest(...given);
      },
    };
    expect((await watch(3, { desk })).heard).toEqual(["FETCH_FAILED", "FETCH_FAILED", "PASSED 1"]);
  });

  it.each(["attest", "deliver"] as const)(
    "SPEC §10.3.5 started again after dying at %s, signs the same manifest and no other",
    async (step) => {
      const release = await service.desk.build();
      const dying = { ...client(), [step]: () => Promise.reject(new Error("killed")) };
      await expect(watch(1, { desk: dying })).rejects.toThrow("killed");
      expect((await watch(1)).heard).toEqual(["PASSED 1"]);
      const items = await overseer?.records.list("signed");
      expect(items).toHaveLength(1);
      // Another manifest of the number gets nothing any more.
      await restage(service, release, (signed: Loose) => (signed["x-rulemint"].minimumClient = "0.0.9"));
      expect((await watch(1)).heard).toEqual(["FAILED 1"]);
    },
  );
});
