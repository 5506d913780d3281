/** `rulemint client lookup`: no network, no lock, and of the database a few blocks. */
import { nodeDigest } from "../adapters/node-digest.js";
import { describeLookup } from "../cli/describe-lookup.js";
import type { ClientLookupOptions, Report } from "../cli/doors.js";
import { Lookup, type LookupAnswer } from "../client/lookup.js";
import { readConfig } from "../client/state.js";
import { openEndpoint } from "./compose-endpoint-folder.js";

/** Not listed is an answer like any other: exit 0, `found` false. */
export async function lookupInClient({ state, indicators }: ClientLookupOptions): Promise<Report> {
  const store = await openEndpoint(state);
  const { url, feed } = await readConfig(store.files);
  const lookup = await Lookup.open(store, nodeDigest);
  try {
    const answers: LookupAnswer[] = [];
    for (const indicator of indicators) answers.push(await lookup.find(indicator));
    const { release } = lookup;
    const found = answers.some((one) => one.found);
    const json = { url, feed, release, found, answers: answers.map(({ release: _, ...rest }) => rest) };
    return { ok: true, json, text: describeLookup(answers, { feed, release }) };
  } finally {
    await lookup.close();
  }
}
