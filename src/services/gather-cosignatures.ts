/**
 * A checkpoint goes to every witness at once. As soon as the quorum has cosigned, the others have a moment more, so that those
 * who ask for other witnesses than we do find theirs too; then whoever is late is left out.
 */
import { OperationError, RulemintError } from "../core/errors.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { type LogPolicy, isQuorum } from "../core/log/log-policy.js";
import type { Hash } from "../core/log/lines.js";
import { type Note, type NoteSignature, parseSignatureLines, verifyLines } from "../core/log/note.js";
import { sameKey } from "../core/log/verifier-key.js";
import { formatAddCheckpoint } from "../core/log/witness-request.js";
import type { Witness } from "../ports/witness.js";

export interface CosignatureInput {
  /** With the log's own line alone: some witnesses take no long requests. */
  readonly checkpoint: Note;
  readonly witnesses: readonly Witness[];
  readonly policy: LogPolicy;
  readonly pause: (ms: number) => Promise<void>;
}

/** From a tree of `before` entries to one of `size`. */
export type ConsistencyProver = (before: number, size: number) => Promise<Hash[]>;

const graceMs = 300;
/** A witness that several logs' owners race for answers with another size each time. */
const triesMax = 4;

/** What each witness has cosigned last, as far as this process knows; its own answer corrects it. */
const lastSizes = new WeakMap<Witness, number>();

/** @throws OperationError WITNESS_UNAVAILABLE when the quorum does not come together, with every witness's reason */
export async function gatherCosignatures(input: CosignatureInput, prove: ConsistencyProver): Promise<Note> {
  const { checkpoint, witnesses, policy, pause } = input;
  const lines = new Map<Witness, readonly NoteSignature[]>();
  const reasons: string[] = [];
  const met = () => isQuorum(policy, namesOf(policy, [...lines.keys()]));
  let quorum: () => void = () => undefined;
  const whenMet = new Promise<void>((resolve) => {
    quorum = resolve;
  });
  const all = Promise.all(
    witnesses.map(async (witness) => {
      try {
        lines.set(witness, await askWitness(witness, checkpoint, prove));
        if (met()) quorum();
      } catch (error) {
        if (!(error instanceof RulemintError)) throw error;
        reasons.push(`${witness.name}: ${error.message}`);
      }
    }),
  );
  await Promise.race([all, whenMet.then(() => pause(graceMs))]);
  if (met()) {
    const cosignatures = witnesses.flatMap((witness) => lines.get(witness) ?? []);
    return { ...checkpoint, signatures: [...checkpoint.signatures, ...cosignatures] };
  }
  throw new OperationError(
    "WITNESS_UNAVAILABLE",
    `expected cosignatures that make the quorum, got ${lines.size} of ${witnesses.length}; ${reasons.join("; ")}`,
  );
}

/** SPEC §11.9.7: a witness that has seen another size is asked again, from that size on. */
async function askWitness(
  witness: Witness,
  checkpoint: Note,
  prove: ConsistencyProver,
): Promise<readonly NoteSignature[]> {
  const { size } = parseCheckpoint(checkpoint.text);
  for (let tries = 1; tries <= triesMax; tries++) {
    const oldSize = Math.min(lastSizes.get(witness) ?? 0, size);
    const proof = await prove(oldSize, size);
    const answer = await witness.addCheckpoint(formatAddCheckpoint({ oldSize, proof, checkpoint }));
    if (answer.kind === "cosigned") {
      const lines = await ownLines(witness, checkpoint, answer.lines);
      lastSizes.set(witness, size);
      return lines;
    }
    if (answer.size > size) {
      // Either it is wrong about us, or our log has lost what it has seen. It alone cannot make us stop.
      throw unavailable(`it has seen ${answer.size} entries of this log, which has ${size}`);
    }
    lastSizes.set(witness, answer.size);
  }
  throw unavailable(`it named another size ${triesMax} times`);
}

/** Lines of other keys, which a witness may add, are not passed on. */
async function ownLines(witness: Witness, { text }: Note, answer: string): Promise<NoteSignature[]> {
  const signatures = parseSignatureLines(answer);
  const proven = await verifyLines({ text, signatures }, [witness.key]);
  if (proven.length === 0) throw unavailable("it answered without a cosignature by its key");
  return signatures.filter((line) => sameKey(witness.key, line));
}

function namesOf(policy: LogPolicy, witnesses: readonly Witness[]): Set<string> {
  const found = policy.witnesses.filter(({ key }) => witnesses.some((one) => sameKey(key, one.key)));
  return new Set(found.map(({ name }) => name));
}

function unavailable(message: string): OperationError {
  return new OperationError("WITNESS_UNAVAILABLE", message);
}
