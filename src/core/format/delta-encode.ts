/** From two databases to the delta pack that leads from one to the other. */
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { ruleKinds } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import type { Codec } from "./codec.js";
import { openDatabase } from "./database.js";
import type { Languages } from "./database-writer.js";
import { GroupBuilder, planChange } from "./group-builder.js";
import { packGroup } from "./group-packer.js";
import { formatPackHeader, tagDigits } from "./pack-header.js";
import type { DeltaPackHeader } from "./pack-header.js";
import { RecentTexts } from "./recent-texts.js";
import { diffSections } from "./section-diff.js";

/** Encoded bytes of old sections that one delta reads in search of exemplars: a few seconds. */
const searchBytesMax = 256 * 1024 * 1024;
/** Columns that are stored in the header instead of a frame. */
const storedBytesMax = 4096;

/**
 * The same bytes on every machine and with any number of workers. Memory is bounded by a group, and by both sections of a kind
 * whose order carries meaning.
 *
 * @throws VerificationError DATABASE_MALFORMED, CODEC_FAILED
 */
export async function encodeDelta(
  from: ByteSource,
  to: ByteSource,
  sink: ByteSink,
  codec: Codec,
  digest: DigestFactory,
  languages: Languages = ruleLanguage,
): Promise<void> {
  const old = await openDatabase(from, languages, digest);
  const next = await openDatabase(to, languages, digest);
  const header: DeltaPackHeader = {
    kind: "delta",
    fromBytes: from.length,
    toBytes: to.length,
    fromTag: old.sha256.slice(0, tagDigits),
    toTag: next.sha256.slice(0, tagDigits),
  };
  let headerWritten = false;
  const recent = new RecentTexts();
  const budget = { bytes: searchBytesMax };
  const flush = async (group: GroupBuilder): Promise<void> => {
    const { stored, columnFrames, textFrames, freshTexts } = await packGroup(
      group,
      old,
      recent,
      budget,
      codec,
    );
    recent.add(freshTexts);
    const inHeader = !headerWritten && stored !== undefined && stored.length <= storedBytesMax;
    if (!headerWritten) await sink.write(formatPackHeader(header, inHeader ? stored : undefined));
    headerWritten = true;
    for (const frame of [...(inHeader ? [] : columnFrames), ...textFrames]) await sink.write(frame);
  };

  let group = new GroupBuilder();
  for (const kind of ruleKinds) {
    let at = 0;
    for await (const change of diffSections(old, next, kind)) {
      const planned = planChange(change, change.at - at);
      if (!group.takes(planned)) {
        await flush(group);
        group = new GroupBuilder();
      }
      group.add(kind, languages(kind).order === "sorted", planned);
      at = change.at + change.removed.length;
    }
  }
  if (!group.empty) await flush(group);
  if (!headerWritten) await sink.write(formatPackHeader(header));
}
