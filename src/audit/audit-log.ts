/**
 * `audit log`: the publisher's log against what somebody else has seen of it: a witness, a colleague, the auditor a year ago. A log shows
 * everybody the same history, or it is convicted by its own signatures.
 */
import { base64Text, hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError, quote } from "../core/errors.js";
import { limits } from "../core/limits.js";
import type { Checkpoint } from "../core/log/checkpoint.js";
import type { LogPolicy } from "../core/log/log-policy.js";
import { requireOneHistory } from "../core/log/one-history.js";
import {
  type ProvenCosignature,
  provenCosignatures,
  verifyCheckpoint,
} from "../core/log/verify-checkpoint.js";
import { auditMetadata } from "./audit-metadata.js";
import { type TreeQuestion, noteQuestion, policyFor } from "./audit-release.js";
import { fetchedFiles } from "./fetch-file.js";
import { logPolicyFor, logTiles, newestCheckpoint, readCheckpoint } from "./log-view.js";
import { AuditLog, type AuditReport, reported } from "./report.js";

export interface LogQuestion extends TreeQuestion {
  /** Overrides the one in the signature policy. */
  readonly logPolicy?: LogPolicy;
  /** Monitoring prefixes of witnesses: `<prefix>/<SHA-256 of the origin>/checkpoint`. */
  readonly witnesses: readonly string[];
  /** Checkpoints as files, and what they are called. */
  readonly checkpoints: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

export async function auditLog(question: LogQuestion): Promise<AuditReport> {
  const { feed, at, root } = question;
  const log = new AuditLog(question.onStep);
  await noteQuestion(log, question);
  const subject = {
    kind: "log",
    subject: "the log against what others have seen of it",
    feed: null,
    release: null,
    at,
  };
  return reported(
    log,
    async () => {
      const files = fetchedFiles(question.fetcher, question.url);
      const trusted = await auditMetadata(log, files, root, feed, at);
      const policy = logPolicyFor(policyFor(question.policy, trusted), question.logPolicy);
      const ours = await log.step("The newest checkpoint", "SPEC §11.6", async () => {
        const value = await verifyCheckpoint(await newestCheckpoint(files), { policy, now: at });
        log.figure("Entries of the log", value.size);
        const evidence = [
          `${value.origin}: ${value.size} entries, root ${base64Text(value.root)}`,
          ...cosigned(value.cosignatures),
        ];
        return { value, evidence };
      });
      const views = await viewsOf(question, ours.origin);
      const readTile = logTiles(files);
      for (const { name, read } of views) {
        await log.step(`Seen by ${name}`, "SPEC §11.10", async () => {
          const { note, checkpoint } = await readCheckpoint(await read(), policy);
          requireNotAhead(checkpoint, ours);
          await requireOneHistory({ seen: checkpoint, offered: ours, readTile });
          const by = cosigned(await provenCosignatures(note, { policy, now: at }));
          const seen = `${checkpoint.origin}: ${checkpoint.size} entries, root ${base64Text(checkpoint.root)}`;
          return { value: undefined, evidence: [`${seen}, and the log continues them`, ...by] };
        });
      }
      if (views.length === 0)
        log.notes.push("No other view was given: that everybody sees this log was not asked.");
      const conclusion = conclude(views.length);
      const target = {
        heading: `Log ${ours.origin}`,
        lines: [`${ours.size} entries`, `root ${base64Text(ours.root)}`],
      };
      return { ...subject, conclusion, target };
    },
    () => ({ ...subject, conclusion: "" }),
  );
}

interface View {
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
}

async function viewsOf({ fetcher, witnesses, checkpoints }: LogQuestion, origin: string): Promise<View[]> {
  const path = `${hexText(await sha256(utf8Bytes(origin)))}/checkpoint`;
  return [
    ...witnesses.map((url) => ({
      name: url,
      read: () => fetchedFiles(fetcher, url).read(path, limits.noteBytesMax),
    })),
    ...checkpoints.map(({ name, bytes }) => ({ name, read: async () => bytes })),
  ];
}

function conclude(views: number): string {
  if (views === 0)
    return "The newest checkpoint is the log's, with the quorum of witnesses. Nobody else's view was given.";
  const others = views === 1 ? "1 other view" : `${views} other views`;
  return `The log has one history: its newest checkpoint agrees with ${others}.`;
}

/** A log that others have seen larger is behind here, or was rolled back: which of the two, this place cannot show. */
function requireNotAhead(seen: Checkpoint, ours: Checkpoint): void {
  if (seen.origin !== ours.origin) {
    throw new VerificationError(
      "LOG_KEY_UNKNOWN",
      `expected a checkpoint of ${quote(ours.origin)}, got one of ${quote(seen.origin)}`,
    );
  }
  if (seen.size <= ours.size) return;
  throw new VerificationError(
    "LOG_CONSISTENCY_FAILED",
    `expected ${seen.size} entries, as were seen there, got ${ours.size}: this mirror is behind, or the log was rolled back`,
  );
}

const cosigned = (list: readonly ProvenCosignature[]): string[] =>
  list.map(
    ({ witness, time }) => `cosigned by ${witness} at ${new Date(time * 1000).toISOString().slice(0, 19)}Z`,
  );
