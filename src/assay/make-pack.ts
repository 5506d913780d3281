/** One pack between databases that this overseer compiled itself. */
import type { Sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { memorySink } from "../core/encoding/stream.js";
import { OperationError } from "../core/errors.js";
import { type PackMethod, chooseMethod, methodCodecs } from "../core/format/codec.js";
import { openDatabase } from "../core/format/database.js";
import { encodeDelta } from "../core/format/delta-encode.js";
import { encodeFullPack } from "../core/format/full-pack.js";
import { deltaCodec } from "../core/format/pack-header.js";
import { ruleLanguage } from "../core/rules/registry.js";
import type { OpenObject } from "../ports/object-store.js";
import type { AssayContext } from "./model.js";

/** What two packs that are equal have in common. */
export interface PackBytes {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
  /** As the database's own index gives it. */
  readonly databaseSha256: Sha256Hex;
  readonly databaseBytes: number;
  readonly codec: string;
}

/** A full pack where there is no base, by the default method unless one is named. @throws OperationError of stores and codec; VerificationError DATABASE_MALFORMED */
export async function makePack(
  context: AssayContext,
  base: Sha256Hex | undefined,
  target: Sha256Hex,
): Promise<PackBytes> {
  return (await makePackFile(context, base, target)).facts;
}

/** The same with the file, for who must say where another differs. */
export async function makePackFile(
  context: AssayContext,
  base: Sha256Hex | undefined,
  target: Sha256Hex,
  named?: PackMethod,
): Promise<{ facts: PackBytes; file: Uint8Array }> {
  const { codec, digest } = context;
  const made = await openOwn(context, target);
  const sink = memorySink();
  try {
    const { sha256: databaseSha256 } = await openDatabase(made, ruleLanguage, digest);
    const method = named ?? chooseMethod(made.length);
    if (base === undefined) {
      await encodeFullPack(made, { sha256: databaseSha256, method }, sink, codec);
    } else {
      const before = await openOwn(context, base);
      try {
        await encodeDelta(before, made, sink, digest);
      } finally {
        await before.close();
      }
    }
    const file = sink.bytes();
    const running = digest();
    running.update(file);
    const sha256 = hexText(running.finish()) as Sha256Hex;
    const database = { databaseSha256, databaseBytes: made.length };
    const madeBy = base === undefined ? methodCodecs[method] : deltaCodec;
    return { facts: { sha256, bytes: file.length, ...database, codec: madeBy }, file };
  } finally {
    await made.close();
  }
}

async function openOwn({ databases }: AssayContext, sha256: Sha256Hex): Promise<OpenObject> {
  const opened = await databases.open(sha256);
  if (opened !== undefined) return opened;
  throw new OperationError("STORE_FAILED", `expected database ${sha256} among own copies, got none`);
}
