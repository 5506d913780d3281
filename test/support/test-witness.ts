/** Our own witness around a test key, asked without a network. */
import type { Clock } from "../../src/ports/clock.js";
import type { Signer } from "../../src/ports/signer.js";
import type { Witness } from "../../src/ports/witness.js";
import type { WitnessState } from "../../src/ports/witness-state.js";
import { type WitnessContext, cosignCheckpoint } from "../../src/witness/cosign-checkpoint.js";
import { OperationError } from "../../src/core/errors.js";
import type { TestKey } from "./log-world.js";
import { memoryWitnessState } from "./memory-witness-state.js";

export function signerOf({ key, sign }: TestKey): Signer {
  const spki = Uint8Array.from([...hexPrefix, ...key.publicKey]);
  return { scheme: "ed25519", spki, sign: async (message) => sign(message), close: async () => undefined };
}

/** RFC 8410: SubjectPublicKeyInfo of Ed25519 up to the key. */
const hexPrefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

export function witnessContext(
  key: TestKey,
  logs: readonly TestKey[],
  clock: Clock,
  state: WitnessState = memoryWitnessState(),
): WitnessContext {
  return { key: key.key, signer: signerOf(key), logs: logs.map((log) => ({ key: log.key })), state, clock };
}

/** As an HTTP client would see it. */
export function askedDirectly(name: string, context: WitnessContext): Witness {
  return {
    name,
    key: context.key,
    addCheckpoint: async (request) => {
      const { status, body } = await cosignCheckpoint(context, request);
      if (status === 200) return { kind: "cosigned", lines: body };
      if (status === 409) return { kind: "conflict", size: Number(body) };
      throw new OperationError("WITNESS_UNAVAILABLE", `expected a cosignature, got ${status}: ${body}`);
    },
  };
}
