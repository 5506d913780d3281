/**
 * What both attestations of a release are about: the signed part of its manifest, which binds everything else, and two files that
 * anybody can digest with `sha256sum`: the database and the full pack that yields it.
 */
import type { Sha256Hex } from "../../brands.js";
import { hexText } from "../../encoding/bytes.js";
import { encodeCanonicalJSON } from "../../encoding/canonical-json.js";
import type { JSONObject } from "../../encoding/json.js";
import { sha256 } from "../../encoding/sha256.js";
import type { Manifest } from "../model.js";
import type { Subject } from "./statement.js";

/** SPEC §12.2.2: SHA-256 of the canonical `signed` part, which no signature changes. */
export async function signedPartDigest(signed: JSONObject): Promise<Sha256Hex> {
  return hexText(await sha256(encodeCanonicalJSON(signed))) as Sha256Hex;
}

/** SPEC §12.2.2 */
export function releaseSubjects(manifest: Manifest, signedSha256: Sha256Hex): Subject[] {
  const { feed, release, database } = manifest.block;
  const full = manifest.packs.filter(({ kind, to }) => kind === "full" && to === release);
  return [
    { name: `${feed}/${release}.manifest.signed`, sha256: signedSha256 },
    { name: `${feed}/${release}.database`, sha256: database.sha256 },
    ...full.map(({ path, sha256: digest }) => ({ name: path, sha256: digest })),
  ];
}

/** SPEC §12.2.3: a URI for the release, the same at every mirror. */
export function releaseURI({ feed, release }: { readonly feed: string; readonly release: number }): string {
  return `rulemint:${feed}/${release}`;
}

/** SPEC §12.2.4: who speaks, named by the key with which they do. */
export async function keyURI(spki: Uint8Array): Promise<string> {
  return `rulemint:key/${hexText(await sha256(spki))}`;
}
