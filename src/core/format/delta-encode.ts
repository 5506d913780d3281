/** From two databases to the delta pack that leads from one to the other. */
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { ByteWriter } from "../encoding/varint.js";
import { limits } from "../limits.js";
import { ruleKinds } from "../rules/model.js";
import { kindFacts } from "../rules/kind-facts.js";
import { type Database, openDatabase } from "./database.js";
import type { Languages } from "./database-writer.js";
import { findExemplars } from "./exemplars.js";
import type { Exemplar } from "./exemplars.js";
import { formatPackHeader, tagDigits } from "./pack-header.js";
import { PartBuilder, planChange } from "./part-builder.js";
import type { PlannedChange } from "./part-builder.js";
import { PartCoder } from "./part-coder.js";
import { diffSections } from "./section-diff.js";

/** Encoded bytes of old sections that one delta reads in search of exemplars: a few seconds. */
const searchBytesMax = 128 * 1024 * 1024;
/** Records that bring less text each are not worth a search through the old ones. */
const bytesPerInsertMin = 12;
/** Bytes of exemplars a part: so many for each byte of text, and some for little text. */
const exemplarsPerText = 4;
const exemplarBytesLeast = 32 * 1024;
/** Buckets for each byte of text and exemplars: more bring little, and each page of memory costs as much as many bytes of text. */
const bucketsPerByte = 2;
/** Twice as many where all of them are no more than 2^`modelBitsSmall`. */
const modelBitsSmall = 17;
const modelBitsLeast = 12;

interface DraftPart {
  readonly part: PartBuilder;
  readonly exemplars: readonly Exemplar[];
}

/**
 * The same bytes on every machine. Memory is bounded by a part, and by a few words for each record of a kind whose order carries meaning.
 *
 * @throws VerificationError DATABASE_MALFORMED
 */
export async function encodeDelta(
  from: ByteSource,
  to: ByteSource,
  sink: ByteSink,
  digest: DigestFactory,
  languages: Languages = kindFacts,
): Promise<void> {
  const old = await openDatabase(from, languages, digest);
  const next = await openDatabase(to, languages, digest);
  let coder: PartCoder | undefined;
  const begin = async (modelBits: number): Promise<void> => {
    coder = await PartCoder.open(modelBits);
    const [fromTag, toTag] = [old.sha256.slice(0, tagDigits), next.sha256.slice(0, tagDigits)];
    const header = {
      kind: "delta",
      fromBytes: from.length,
      toBytes: to.length,
      fromTag,
      toTag,
      modelBits,
    } as const;
    await sink.write(formatPackHeader(header));
  };
  for await (const { draft, last } of withLast(draftParts(old, next))) {
    if (!coder) await begin(last ? modelBitsOf(draft) : limits.deltaModelBitsMax);
    const bytes = writePart(coder as PartCoder, draft, languages(draft.part.kind).order === "sorted");
    const head = new ByteWriter();
    head.varint(bytes.length);
    await sink.write(head.take());
    await sink.write(bytes);
  }
  if (!coder) await begin(modelBitsLeast);
}

/** Each draft, and whether it is the last one. */
async function* withLast(
  drafts: AsyncIterable<DraftPart>,
): AsyncGenerator<{ draft: DraftPart; last: boolean }> {
  let held: DraftPart | undefined;
  for await (const draft of drafts) {
    if (held) yield { draft: held, last: false };
    held = draft;
  }
  if (held) yield { draft: held, last: true };
}

async function* draftParts(old: Database, next: Database): AsyncGenerator<DraftPart> {
  const budget = { bytes: searchBytesMax };
  for (const kind of ruleKinds) {
    let part = new PartBuilder(kind);
    let at = 0;
    for await (const change of diffSections(old, next, kind)) {
      const planned = planChange(change, change.at - at);
      if (!part.takes(planned)) {
        yield { part, exemplars: await exemplarsOf(part, old, budget) };
        part = new PartBuilder(kind);
      }
      part.add(planned);
      at = change.at + change.removed.length;
    }
    if (part.changes.length > 0) yield { part, exemplars: await exemplarsOf(part, old, budget) };
  }
}

async function exemplarsOf(part: PartBuilder, old: Database, budget: { bytes: number }): Promise<Exemplar[]> {
  const { kind, text, plain } = part;
  const search = old.section(kind)?.facts.blockBytes ?? 0;
  if (plain || search === 0 || search > budget.bytes || !part.brings(bytesPerInsertMin)) return [];
  budget.bytes -= search;
  const most = Math.min(
    limits.exemplarBytesMax,
    Math.max(exemplarBytesLeast, exemplarsPerText * text.length),
  );
  return findExemplars(old, kind, text, most);
}

function modelBitsOf({ part, exemplars }: DraftPart): number {
  const bytes = exemplars.reduce((sum, { record }) => sum + record.length, part.text.length);
  const enough = Math.ceil(Math.log2(bucketsPerByte * bytes + 1));
  const ample = Math.ceil(Math.log2(2 * bucketsPerByte * bytes + 1));
  const bits = Math.max(modelBitsLeast, enough, Math.min(modelBitsSmall, ample));
  return Math.min(limits.deltaModelBitsMax, bits);
}

function writePart(coder: PartCoder, { part, exemplars }: DraftPart, sorted: boolean): Uint8Array {
  coder.write();
  coder.number("kind", ruleKinds.indexOf(part.kind));
  coder.number("exemplars", exemplars.length);
  let next = 0;
  for (const { number, record } of exemplars) {
    coder.number("exemplarGap", number - next);
    coder.learn(record);
    next = number + 1;
  }
  coder.setPlain(coder.number("plain", part.plain ? 1 : 0));
  coder.number("changes", part.changes.length);
  for (const planned of part.changes) writeChange(coder, planned, sorted);
  return coder.finish();
}

function writeChange(coder: PartCoder, { change, skip, plans }: PlannedChange, sorted: boolean): void {
  const { removed, inserted, behind } = change;
  coder.number("skip", skip);
  coder.number("removes", removed.length);
  coder.number("inserts", inserted.length, removed.length);
  let before = change.before;
  for (const [i, record] of inserted.entries()) {
    const plan = plans[i];
    coder.number("source", plan ? plan.source + 1 : 0, i);
    if (plan) coder.edited(removed[plan.source] as string, plan.edits);
    else coder.fresh(record, sorted ? { before, behind } : undefined);
    before = record;
  }
}
