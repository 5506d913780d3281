/** `audit all`: every release of a feed, walked from the newest back to the first, each with its signature and its own packs. */
import { RememberedSignatures } from "../core/trust/signature-memory.js";
import { hexBytes, hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { limits } from "../core/limits.js";
import { verifySignature } from "../core/pki/verify-signature.js";
import { packPath, packSignaturePath } from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { formatTime } from "../core/trust/metadata.js";
import type { TreeQuestion } from "./audit-release.js";
import { noteQuestion } from "./audit-release.js";
import { ruleCount } from "./figures.js";
import { type History, auditHistory, drawNewest } from "./history.js";
import { AuditLog, type AuditReport, type TableRow, reported } from "./report.js";

/** Always a report. A release that is refused does not hide those before it. */
export async function auditAll(question: TreeQuestion): Promise<AuditReport> {
  const log = new AuditLog(question.onStep);
  const { feed, at } = question;
  await noteQuestion(log, question);
  const subject = { kind: "all", subject: `all releases of feed ${feed}`, feed, release: null, at };
  return reported(
    log,
    async () => {
      const history = await auditHistory(log, question);
      await auditEveryPack(log, history, at);
      describeHistory(log, history);
      const target = drawNewest(log, history, question.root);
      const conclusion =
        `All ${history.releases.length} releases of feed ${feed} were proven: each manifest is the one that the next one names, ` +
        "signed by keys that were allowed to in their time, and every pack has the digest and the signature that it must have.";
      return { ...subject, conclusion, ...(target && { target }) };
    },
    () => ({ ...subject, conclusion: "" }),
  );
}

/** Manifests repeat the packs of older ones: each is read once. One that is bad does not keep the others from being looked at. */
async function auditEveryPack(log: AuditLog, history: History, at: Date): Promise<void> {
  const packs = new Map<string, PackFacts>();
  for (const { proven } of history.releases) {
    for (const pack of parseManifest(proven.envelope.signed).packs) packs.set(pack.sha256, pack);
  }
  const judged = { now: at, memory: new RememberedSignatures() };
  const refused: RulemintError[] = [];
  for (const pack of packs.values()) {
    try {
      await requirePack(history, pack, judged);
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      refused.push(error);
    }
  }
  log.figure("Packs", packs.size);
  try {
    await log.step("Every pack that any of them lists", "SPEC §4, §6", async () => {
      const [first] = refused;
      if (first !== undefined) {
        const message = `expected all of ${packs.size} packs to hold, got ${refused.length} that do not, the first: ${first.message}`;
        throw new VerificationError(first.code, message);
      }
      return { value: undefined, evidence: [`${packs.size} packs: digest, length and CMS of each`] };
    });
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
  }
}

async function requirePack(
  { files, policy }: History,
  pack: PackFacts,
  judged: { readonly now: Date; readonly memory: RememberedSignatures },
): Promise<void> {
  const bytes = await files.read(packPath(pack), pack.bytes);
  const digest = hexText(await sha256(bytes));
  if (digest !== pack.sha256 || bytes.length !== pack.bytes) {
    throw new VerificationError(
      "PACK_DIGEST_MISMATCH",
      `expected ${pack.path} to be ${pack.sha256}, got ${digest}`,
    );
  }
  const cms = await files.read(packSignaturePath(pack), limits.cmsBytesMax);
  await verifySignature({ ...judged, contentSha256: hexBytes(pack.sha256), cms, policy });
}

function describeHistory(log: AuditLog, { releases, trusted }: History): void {
  const rows = releases.map((one): TableRow => {
    const { block } = parseManifest(one.proven.envelope.signed);
    const signature = one.release?.signature;
    const who = one.proven.signers.map(({ keyid }) => keyid.slice(0, 12)).join(", ");
    return {
      cells: [
        String(block.release),
        signature === undefined
          ? ""
          : formatTime(signature.timestamp.time).replace("T", " ").replace("Z", ""),
        ruleCount(block.database.rules).toLocaleString("en-US"),
        block.restores === undefined ? "" : `restores ${block.restores}`,
        who,
        signature?.signer.serial ?? "",
        block.database.sha256,
      ],
      mark: one.release === undefined ? "refused" : "proven",
    };
  });
  const columns = ["release", "stamped (UTC)", "rules", "", "keys", "certificate", "database"];
  log.tables.push({ title: "Releases", columns, rows });
  const bars = [...releases].reverse().map(({ proven }) => {
    const { block } = parseManifest(proven.envelope.signed);
    return { label: `release ${block.release}`, value: ruleCount(block.database.rules) };
  });
  log.charts.push({ title: "Rules by release", bars });
  log.figure("Releases", releases.length);
  log.figure("Roots", trusted.root.version);
  log.notes.push(
    "Older packs are judged by the policy of the newest root. What the packs hold was not unpacked: `audit release` does that.",
  );
}
