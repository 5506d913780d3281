/** What ends and when, publishing refused before it does, how devices are, and measurements of all of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPrometheusMeter } from "../../src/adapters/metrics/prometheus.js";
import { OperationError } from "../../src/core/errors.js";
import { checkReadiness } from "../../src/services/check-readiness.js";
import { DeviceHealth } from "../../src/services/device-health.js";
import { listExpiries } from "../../src/services/expiries.js";
import { metricTable, readMetrics } from "../../src/services/metrics.js";
import { probeDevices } from "../../src/services/probe-devices.js";
import { publishRelease } from "../../src/services/publish-release.js";
import { feed, mia, openDesk, type Desk } from "./desk.js";

const yara = (name: string) => ({
  "a.yar": `rule ${name} { strings: $a = "${name}${name}" condition: $a }\n`,
});
const meter = openPrometheusMeter(metricTable);
let broken: string | undefined;
let desk: Desk;

beforeAll(async () => {
  desk = await openDesk({
    wrap: (real) => {
      const devices = new DeviceHealth(real.clock, meter);
      const publisher = {
        ...{ scheme: real.publisher.scheme, spki: real.publisher.spki },
        sign: (message: Uint8Array) => real.publisher.sign(message),
        close: () => real.publisher.close(),
        probe: async () => {
          if (broken !== undefined) throw new OperationError("SIGNER_UNAVAILABLE", broken);
        },
      };
      return {
        ...{ meter, devices, publisher: devices.watchSigner("publisher key", publisher) },
        tsa: devices.watchAuthority("time-stamp authority", real.tsa),
      };
    },
  });
  await desk.addRules("loaders", "yara", yara("one"));
  await desk.release();
});
afterAll(() => desk.close());

describe("what ends", () => {
  it("SPEC §17.1.3 is every role, both chains, and the revocation data of the tree", async () => {
    const found = await listExpiries(desk.context);
    const names = (kind: string) => found.filter((one) => one.kind === kind).map(({ name }) => name);
    expect(names("role").sort()).toEqual(["endpoint", "root", "snapshot", "targets", "timestamp"]);
    expect(names("signer").length).toBe(desk.context.publisherChain.length);
    expect(names("authority").length).toBeGreaterThan(1);
    expect(names("revocation").length).toBeGreaterThan(1);
    const times = found.map(({ expires }) => expires.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("is measured in days, beside steps, the queue and devices", async () => {
    const text = await readMetrics({ ...desk.context, meter });
    const value = (line: string) =>
      Number(
        text
          .split("\n")
          .find((one) => one.startsWith(`${line} `))
          ?.split(" ")
          .at(-1),
      );
    expect(value('rulemint_expiry_days{kind="role",name="timestamp"}')).toBeCloseTo(1, 1);
    expect(value('rulemint_expiry_days{kind="role",name="root"}')).toBeGreaterThan(300);
    for (const step of ["built", "signed", "sealed", "published"]) {
      // A step that finds it has to wait is taken up again, and timed again.
      const count = `rulemint_release_step_seconds_count{feed="endpoint",step="${step}",outcome="ok"}`;
      expect(value(count)).toBeGreaterThanOrEqual(1);
    }
    expect(value('rulemint_release_newest{feed="endpoint",which="published"}')).toBe(1);
    expect(value('rulemint_release_failed{feed="endpoint"}')).toBe(0);
    expect(value('rulemint_device_up{device="publisher key"}')).toBe(1);
    expect(value('rulemint_device_up{device="time-stamp authority"}')).toBe(1);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  });
});

describe("publishing", () => {
  const cases = [
    ["the root", { roles: 366, certificates: 0, revocation: 0 }, /"root" ends at/],
    ["the targets", { roles: 366, certificates: 0, revocation: 0 }, /"targets" ends at/],
    ["its manifest", { roles: 31, certificates: 0, revocation: 0 }, /"endpoint 2" ends at/],
    ["a certificate of the publisher", { roles: 0, certificates: 20_000, revocation: 0 }, /"C=CH.* ends at/],
    ["revocation data", { roles: 0, certificates: 0, revocation: 365 }, /"crl\/[^"]+" ends at/],
  ] as const;

  it.each(cases)("SPEC §17.1.1 is refused when %s ends within the window", async (_, window, message) => {
    if ((await desk.advance()).release === 1) {
      await desk.addRules("loaders", "yara", yara("two"));
      await desk.coSign(await desk.build());
    }
    const settings = { ...desk.context.settings, publishingWindow: window };
    const asked = publishRelease({ ...desk.context, settings }, mia, { feed, release: 2 as never });
    await expect(asked).rejects.toMatchObject({
      code: "EXPIRY_NEAR",
      message: expect.stringMatching(message),
    });
  });

  it("goes on when nothing ends", async () => {
    expect((await desk.publish(await desk.advance())).state).toBe("published");
  });
});

describe("a device", () => {
  const probe = async () => {
    await probeDevices(desk.context, {
      timer: () => () => undefined,
      ...{ signerMinutes: 5, timestampMinutes: 0 },
      random: (bytes) => new Uint8Array(bytes),
    })();
  };

  it("that a probe does not reach makes the service degraded, not unready", async () => {
    broken = "expected the token, got none";
    await probe();
    expect(await checkReadiness(desk.context)).toMatchObject({
      status: "degraded",
      checks: [
        {},
        {},
        { name: "publisher key", ok: false, detail: expect.stringMatching(/^SIGNER_UNAVAILABLE/) },
        { ok: true },
      ],
    });
    expect(await meter.text()).toContain('rulemint_device_up{device="publisher key"} 0');
  });

  it("that answers again is up again", async () => {
    broken = undefined;
    await probe();
    expect((await checkReadiness(desk.context)).status).toBe("ready");
  });
});
