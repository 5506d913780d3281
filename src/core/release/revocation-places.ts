/**
 * Where certificates say that their status can be learned: complete lists, delta lists, OCSP responders; and what each is called
 * when somebody mirrors it.
 */
import { hexText, utf8Bytes } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import type { Certificate } from "../pki/certificate.js";
import type { RevocationList } from "../pki/crl.js";
import { type DistributionPoint, pointsOf } from "../pki/distribution-points.js";
import type { GeneralName } from "../pki/general-names.js";
import { speaksFor } from "../pki/revocation.js";

type Paths = readonly (readonly Certificate[])[];

/** The addresses of one list, and its name in a mirror (SPEC §6.8.10). */
export interface ListPlace {
  readonly kind: "complete" | "delta";
  readonly name: string;
  readonly addresses: readonly string[];
  /** From each certificate that names the place up to its anchor. */
  readonly paths: Paths;
}

/** Who is asked about one certificate, and what the answer is called in a mirror. */
export interface StatusPlace {
  readonly kind: "status";
  readonly name: string;
  readonly addresses: readonly string[];
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

export type RevocationPlace = ListPlace | StatusPlace;

const ocspMethod = "1.3.6.1.5.5.7.48.1";

/** Each place once, for every certificate of the paths but their anchors. Points for some reasons alone are points like others. */
export async function revocationPlaces(paths: Paths): Promise<RevocationPlace[]> {
  const lists = new Map<string, ListPlace>();
  const responders = new Map<string, StatusPlace>();
  for (const path of paths) {
    for (const [i, certificate] of path.slice(0, -1).entries()) {
      const { crlDistributionPoints = [], freshestCRL: deltas = [] } = certificate.extensions;
      await addLists(lists, "complete", crlDistributionPoints, [path.slice(i)]);
      await addLists(lists, "delta", deltas, [path.slice(i)]);
      const status = await statusPlace(certificate, path[i + 1] as Certificate);
      if (status !== undefined) responders.set(status.name, status);
    }
  }
  return [...lists.values(), ...responders.values()];
}

/** RFC 5280 §5.2.6: a complete list says where its deltas are. */
export async function deltaPlaces(
  { freshestCRL }: RevocationList,
  { paths }: ListPlace,
): Promise<ListPlace[]> {
  const found = new Map<string, ListPlace>();
  await addLists(found, "delta", freshestCRL ?? [], paths);
  return [...found.values()];
}

/**
 * SPEC §6.8.12: is this list one that belongs there: of the right kind, and about a certificate that names the place? Whoever stands on the way to an
 * address can put any list of the same CAs there, and the first with a high number would shut out all that follow.
 */
export function belongsTo(list: RevocationList, { kind, paths }: ListPlace): boolean {
  const isDelta = list.baseNumber !== undefined;
  const isAbout = (certificate: Certificate): boolean =>
    pointsOf(certificate).some((point) => speaksFor(list, point, certificate));
  return isDelta === (kind === "delta") && paths.some(([certificate]) => certificate && isAbout(certificate));
}

async function addLists(
  places: Map<string, ListPlace>,
  kind: ListPlace["kind"],
  points: readonly DistributionPoint[],
  paths: Paths,
): Promise<void> {
  for (const { point } of points) {
    const addresses = httpAddresses(point?.fullName ?? []);
    const [first] = addresses;
    if (first === undefined) continue;
    const name = await listName(first);
    const known = places.get(name) ?? { kind, name, addresses, paths: [] };
    places.set(name, { ...known, paths: [...known.paths, ...paths] });
  }
}

async function statusPlace(certificate: Certificate, issuer: Certificate): Promise<StatusPlace | undefined> {
  const access = certificate.extensions.authorityInfoAccess ?? [];
  const addresses = httpAddresses(
    access.filter(({ method }) => method === ocspMethod).map(({ location }) => location),
  );
  if (addresses.length === 0) return undefined;
  const name = `${hexText(certificate.serial).slice(0, 40)}-${await shortDigest(certificate.der)}`;
  return { kind: "status", name, addresses, certificate, issuer };
}

const httpAddresses = (names: readonly GeneralName[]): string[] =>
  names.filter(({ form, text }) => form === "uri" && /^https?:\/\//.test(text)).map(({ text }) => text);

/** The last part of the address for people, and eight digits of the digest of the whole, so that no two places share a name. */
async function listName(address: string): Promise<string> {
  const last = (address.split(/[?#]/)[0] as string).split("/").at(-1) ?? "";
  const stem = last
    .toLowerCase()
    .replace(/\.crl$/, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `${stem.slice(0, 40) || "list"}-${await shortDigest(utf8Bytes(address))}`;
}

const shortDigest = async (bytes: Uint8Array): Promise<string> => hexText(await sha256(bytes)).slice(0, 8);
