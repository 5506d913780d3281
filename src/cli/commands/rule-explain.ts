/** `rulemint rule explain`: which lines of which reviewed file a rule is, who wrote them and who approved them. */
import { type Command, Option } from "commander";
import { concatBytes, hexText } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { UsageError, VerificationError } from "../../core/errors.js";
import { type RuleKind, ruleKinds } from "../../core/rules/model.js";
import type { APIClient } from "../api-client.js";
import { answers, done, openService, parseNumber, type ServiceOptions, withService } from "../command.js";
import { describeRule, type ExplainedPlace } from "../describe-rule.js";
import type { CLIDoors } from "../doors.js";

interface Options extends ServiceOptions {
  readonly feed?: string;
  readonly release?: number;
  readonly kind?: RuleKind;
  readonly source?: boolean;
}

export function ruleExplain(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("explain"))
    .description("show where a rule comes from: file and lines, submission, author, reviewer, since when")
    .argument("<id>", "YARA name, Sigma id, sid, signature name, or the indicator")
    .option("--feed <feed>", "feed (default: the only one)")
    .option("--release <number>", "release (default: the newest that is published)", parseNumber)
    .addOption(new Option("--kind <kind>", "only rules of this kind").choices(ruleKinds))
    .option("--source", "print the lines themselves");
  answers<Options>(command, doors, async (_call, options, [id = ""]) => {
    const service = openService(doors, options);
    const feed = options.feed ?? (await onlyFeed(service));
    const release = options.release ?? (await newestPublished(service, feed));
    const rules = await service.explainRule(feed, release, { id, kind: options.kind });
    const texts = new Map<string, string[]>();
    if (options.source) {
      for (const { places } of rules) for (const { fileSha256 } of places) texts.set(fileSha256, []);
      for (const digest of texts.keys()) texts.set(digest, await readLines(service, digest));
    }
    const textOf = ({ fileSha256, firstLine, lastLine }: ExplainedPlace) =>
      texts
        .get(fileSha256)
        ?.slice(firstLine - 1, lastLine)
        .join("\n");
    const json = { feed, release, rules: rules.map((rule) => withTexts(rule, textOf)) };
    return done(json, rules.map((rule) => describeRule(rule, textOf)).join("\n\n\n"));
  });
}

type Rules = Awaited<ReturnType<APIClient["explainRule"]>>;

function withTexts(rule: Rules[number], textOf: (place: ExplainedPlace) => string | undefined) {
  return {
    ...rule,
    places: rule.places.map((place) => {
      const text = textOf(place);
      return text === undefined ? place : { ...place, text };
    }),
  };
}

async function readLines(service: APIClient, digest: string): Promise<string[]> {
  const parts: Uint8Array[] = [];
  for await (const part of service.readSource(digest)) parts.push(part);
  const bytes = concatBytes(...parts);
  const got = hexText(await sha256(bytes));
  if (got !== digest) {
    throw new VerificationError("ASSAY_MISMATCH", `expected a source file of SHA-256 ${digest}, got ${got}`);
  }
  return new TextDecoder().decode(bytes).split(/\r?\n/);
}

async function onlyFeed(service: APIClient): Promise<string> {
  const feeds = await service.listFeeds();
  if (feeds.length === 1) return (feeds[0] as (typeof feeds)[number]).name;
  throw new UsageError("USAGE", `expected --feed, because there are ${feeds.length} feeds`);
}

async function newestPublished(service: APIClient, feed: string): Promise<number> {
  const { published } = await service.getFeed(feed);
  if (published > 0) return published;
  throw new UsageError(
    "NOT_FOUND",
    `expected a published release of ${feed}, got none; name one with --release`,
  );
}
