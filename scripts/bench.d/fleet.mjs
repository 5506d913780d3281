// The cost model of `rulemint plan` held against real endpoints: a real service publishes releases, many endpoints (the client's own code,
// each with its own state folder, in one process) update from it, and every byte and request that they took is counted.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indicator } from "./generate.mjs";
import { openPublisher, publishVersion } from "./service.mjs";

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const feed = "endpoint";
const ages = [
  { behind: 1, share: 0.8 },
  { behind: 2, share: 0.15 },
  { behind: 4, share: 0.05 },
];
const atOnce = 8;
const listLines = 3000;
const linesChanged = 20;

/** A fetcher that counts bodies and requests. */
function counting(fetcher, counts) {
  return {
    get: async (url, options) => {
      counts.requests++;
      const answer = await fetcher.get(url, options);
      const body = (async function* () {
        for await (const chunk of answer.body) {
          counts.bytes += chunk.length;
          if (url.endsWith(".rmp")) counts.packBytes += chunk.length;
          yield chunk;
        }
      })();
      return { ...answer, body };
    },
  };
}

async function inTurns(items, work) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

async function openFleet(publisher, folder) {
  const [
    { Updater },
    { openFilesystemEndpointStore },
    { openHTTPFetcher },
    { openPackCodec },
    { nodeDigest },
    { systemClock },
  ] = await Promise.all(
    [
      "client/updater.js",
      "adapters/endpoint-store/filesystem.js",
      "adapters/fetcher/http.js",
      "adapters/codec/pack-codec.js",
      "adapters/node-digest.js",
      "adapters/clock/system.js",
    ].map(dist),
  );
  const counts = { requests: 0, bytes: 0, packBytes: 0 };
  const [real, codec] = [openHTTPFetcher(), await openPackCodec({ workers: 0 })];
  const fetcher = counting(real, counts);
  const root = new Uint8Array(readFileSync(join(publisher.data, "root.json")));
  const endpoint = async (i, init) => {
    const store = await openFilesystemEndpointStore(join(folder, String(i)));
    const updater = new Updater({ store, fetcher, codec, clock: systemClock, digest: nodeDigest });
    if (init) await updater.init({ url: publisher.address, root, exportKinds: [] });
    return updater.update();
  };
  return {
    counts,
    update: (numbers, init = false) => inTurns(numbers, (i) => endpoint(i, init)),
    close: async () => {
      await real.close();
      await codec.close();
    },
  };
}

function ageOf(i, size) {
  let below = 0;
  for (const age of ages) {
    below += age.share * size;
    if (i < below) return age.behind;
  }
  return ages.at(-1).behind;
}

/** Prints what the model said beside what was counted. */
export async function fleetRows(updates) {
  const perRelease = ages.reduce((sum, { behind, share }) => sum + share / behind, 0);
  const releases = 12;
  const size = Math.ceil(updates / (releases * perRelease));
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "rulemint-fleet-"));
  const { planDelivery } = await dist("services/plan-delivery.js");
  const { parseManifest } = await dist("core/trust/manifest.js");
  const { parseEnvelope } = await dist("core/trust/metadata.js");
  const publisher = await openPublisher();
  const fleet = await openFleet(publisher, folder);
  const sum = { updates: 0, packBytes: 0, bytes: 0, requests: 0 };
  try {
    for (let release = 1; release <= releases + 1; release++) {
      const list = join(folder, "rules");
      mkdirSync(list, { recursive: true });
      const lines = Array.from({ length: listLines }, (_, i) =>
        indicator(i + (i % listLines < linesChanged ? 100_000 * release : 0)),
      );
      writeFileSync(join(list, "list.txt"), `${lines.join("\n")}\n`);
      await publishVersion(publisher, "ioc", list);
      const everyone = Array.from({ length: size }, (_, i) => i);
      if (release === 1) {
        await fleet.update(everyone, true);
        Object.assign(fleet.counts, { requests: 0, bytes: 0, packBytes: 0 });
        continue;
      }
      const file = new Uint8Array(
        readFileSync(join(publisher.data, "public/metadata", `${release}.${feed}.json`)),
      );
      const { packs } = parseManifest(parseEnvelope(file, "targets").signed);
      const who = everyone.filter((i) => (release - 1) % ageOf(i, size) === 0);
      await fleet.update(who);
      const wire = { metadataBytes: file.length + 6000, metadataRequests: 4, headerBytes: 0 };
      const model = {
        endpoints: size,
        releasesPerDay: 24,
        pollsPerDay: 24,
        ages,
        edges: 1,
        spreadSeconds: 3600,
      };
      const { ages: costs } = planDelivery(packs, release, model, wire);
      for (const i of who) {
        const cost = costs.find(({ behind }) => behind === ageOf(i, size));
        sum.updates++;
        sum.packBytes += cost.packBytes;
        sum.bytes += cost.updateBytes;
        sum.requests += cost.updateRequests;
      }
      console.log(`release ${release}: ${sum.updates} updates so far`);
    }
    const { counts } = fleet;
    for (const [what, name] of [
      ["bytes of packs", "packBytes"],
      ["bytes of everything", "bytes"],
      ["requests", "requests"],
    ]) {
      const [said, counted] = [sum[name], counts[name]];
      console.log(
        `${what.padEnd(20)} model ${Math.round(said).toLocaleString("en-US").padStart(14)}  counted ${counted.toLocaleString("en-US").padStart(14)}  ` +
          `model / counted ${(said / counted).toFixed(3)}`,
      );
    }
    console.log(
      `${sum.updates.toLocaleString("en-US")} updates by ${size} endpoints over ${releases} releases; an update took ` +
        `${Math.round((counts.bytes - counts.packBytes) / sum.updates).toLocaleString("en-US")} bytes and ${(counts.requests / sum.updates).toFixed(2)} requests beside and with its packs`,
    );
    return { updates: sum.updates, endpoints: size, model: sum, counted: { ...counts } };
  } finally {
    await fleet.close();
    await publisher.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
