/** `rulemint release list`: the releases of a feed, newest first. */
import type { Command } from "commander";
import type { Release } from "../api-client.js";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import { stateOf } from "../describe-release.js";
import type { CLIDoors } from "../doors.js";
import { formatBytes, formatTable, formatTime } from "../figures.js";

interface Options extends ServiceOptions {
  readonly feed: string;
}

export function releaseList(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("list"))
    .description("list the releases of a feed, newest first")
    .requiredOption("--feed <feed>", "feed");
  answers<Options>(command, doors, async (_call, options) => {
    const service = openService(doors, options);
    const items: Release[] = [];
    let after: number | undefined;
    do {
      const page = await service.listReleases(options.feed, { after, limit: 200 });
      items.push(...page.items);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return done(items, items.length === 0 ? `no releases of ${options.feed}` : tableOf(items));
  });
}

function tableOf(items: readonly Release[]): string {
  const rows = items.map((one) => [
    String(one.release),
    stateOf(one),
    one.database === null ? "" : formatBytes(one.database.bytes),
    String(one.packs.length),
    formatTime(one.createdAt),
    one.publishedAt === null ? "" : formatTime(one.publishedAt),
    // What stopped it, or keeps it waiting, is what whoever reads a list looks for.
    (one.waitingFor ?? one.reason).slice(0, 120),
  ]);
  return formatTable(["release", "state", "database", "packs", "built", "published", "reason"], rows);
}
