import type { TrustedMetadata } from "../../src/core/trust/trusted-metadata.js";

/** Where the built core is, where the files are, the fixed time. */
export interface Place {
  readonly core: string;
  readonly base: string;
  readonly now: string;
}

export interface ReleaseOptions {
  readonly root: readonly number[];
  readonly feed: string;
  readonly seen?: string;
  /** Absent: no pack is unpacked. `zstd`: where what reads zstd frames is; core reads xz by itself. */
  readonly unpacks?: { readonly zstd?: string };
}

type Read = (role: string, version?: number) => Promise<Uint8Array | undefined>;

export function followMetadata(
  machine: typeof TrustedMetadata,
  input: { root: Uint8Array; feed: string; at: Date; read: Read; seen: Read },
): Promise<unknown>;
export function judgeSignatures(place: Place, names: readonly string[]): Promise<Record<string, string>>;
export function judgeMetadata(place: Place, names: readonly string[]): Promise<Record<string, string>>;
export function judgeRelease(place: Place, options: ReleaseOptions): Promise<{ readonly code: string }>;
