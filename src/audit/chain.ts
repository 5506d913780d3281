/**
 * The picture of who vouches for what: one lane for each kind of authority, from what the customer pinned to the manifest. It is drawn
 * from what was proven, never from what was claimed: a lane that was refused ends where the proof ended.
 */
import type { FeedName } from "../core/brands.js";
import { equalBytes } from "../core/encoding/bytes.js";
import { secondText } from "../core/pki/failure.js";
import type { Certificate } from "../core/pki/certificate.js";
import { type Name, nameText, nameValues } from "../core/pki/names.js";
import { oids } from "../core/pki/oids.js";
import type { ProvenEntry } from "../core/log/verify-checkpoint.js";
import { spkiFromTUFKey } from "../core/trust/keys.js";
import { keyNames } from "../core/trust/key-names.js";
import { type RoleKeys, type Root, type Targets, parseEnvelope } from "../core/trust/metadata.js";
import type { ProvenSignature } from "../core/trust/model.js";
import { type Party, type Parties, parseParties, parties } from "../core/trust/parties.js";
import type { ProvenFeed, TrustedMetadata } from "../core/trust/trusted-metadata.js";

export interface ChainBox {
  readonly heading: string;
  readonly lines: readonly string[];
}

export interface ChainLane {
  readonly title: string;
  /** From the pinned thing on. */
  readonly boxes: readonly ChainBox[];
}

export interface SignatureChain {
  readonly lanes: readonly ChainLane[];
  readonly target: ChainBox;
}

const commonName = "2.5.4.3";

/** Twelve digits tell keys apart for an eye; reports have the whole id in their steps. */
export const shortID = (id: string): string => id.slice(0, 12);

/** Who may speak: root, targets, and the keys that signed. */
export function authorityLane(
  { root, targets }: Pick<TrustedMetadata, "root" | "targets">,
  proven: ProvenFeed,
  pinnedRoot: Uint8Array,
): ChainLane {
  const pinned = parseEnvelope(pinnedRoot, "root").signed.version as number;
  return {
    title: "Authority (TUF): who may speak",
    boxes: [
      {
        heading:
          pinned === root.version ? `Root ${pinned}, pinned` : `Root ${root.version} (pinned: ${pinned})`,
        lines: grantLines(root.roles.root, "root", root),
      },
      { heading: `Targets ${targets?.version}`, lines: grantLines(root.roles.targets, "targets", root) },
      { heading: `Feed ${proven.feed}`, lines: signerLines(proven, targets as Targets) },
    ],
  };
}

function grantLines(role: RoleKeys, name: string, root: Root): string[] {
  const names = namesOf(root);
  const known = [...role.keys.keys()].map((id) => names[id] ?? shortID(id));
  return [`${role.threshold} of ${role.keys.size} ${name} keys`, known.join(", ")];
}

function namesOf(root: Root): Readonly<Record<string, string>> {
  return root.extension === undefined ? {} : keyNames({ "x-rulemint": root.extension });
}

function signerLines({ feed, signers }: ProvenFeed, targets: Targets): string[] {
  const party = partyOf(targets, feed);
  const names = keyNames(targets.signed);
  return signers.map(({ keyid }) =>
    [`${party(keyid)}:`, ...(names[keyid] ? [names[keyid]] : []), `key ${shortID(keyid)}`].join(" "),
  );
}

/** Whose key it is, as the `targets` say that delegate the feed. */
export function partyOf(targets: Targets, feed: FeedName): (keyid: string) => Party | "party unknown" {
  const delegation = targets.delegations.find(({ name }) => name === feed);
  const known: Parties | undefined = delegation && parseParties(targets.signed, delegation);
  return (keyid) => parties.find((one) => known?.[one].includes(keyid)) ?? "party unknown";
}

/** Who that is in law, and when: the two certificate paths, anchor first. The signer's key is one that signed the manifest (SPEC §7.7). */
export function certificateLanes(
  { paths, timestamp, signer: { spki } }: ProvenSignature,
  { signers }: ProvenFeed,
): ChainLane[] {
  const [signer = [], authority = []] = paths;
  const same = signers.find(({ key }) => equalBytes(spkiFromTUFKey(key), spki));
  const key = same === undefined ? [] : [`with key ${shortID(same.keyid)}`];
  const stamp = { heading: "Time-stamp", lines: [timeText(timestamp.time), `serial ${timestamp.serial}`] };
  return [
    { title: "Identity (X.509): who that is in law", boxes: pathBoxes(signer, "Publisher", key) },
    { title: "Time (RFC 3161): when", boxes: [...pathBoxes(authority, "Authority"), stamp] },
  ];
}

/** That everybody sees the same: the log, and who cosigned it. */
export function logLane({ index, checkpoint: { origin, size, cosignatures } }: ProvenEntry): ChainLane {
  const names = cosignatures.map(({ witness }) => witness);
  return {
    title: "Sameness (log): that everybody sees this",
    boxes: [
      { heading: "Log, pinned", lines: [origin] },
      { heading: `Entry ${index}`, lines: [`of ${size} entries`] },
      { heading: `${names.length} witnesses cosigned`, lines: names },
    ],
  };
}

function pathBoxes(
  path: readonly Certificate[],
  leafHeading: string,
  leafLines: readonly string[] = [],
): ChainBox[] {
  return [...path].reverse().map((certificate, i, { length }) => ({
    heading: i === 0 ? "Anchor, pinned" : i === length - 1 ? leafHeading : "Issuing CA",
    lines: [
      ...nameLines(certificate.subject),
      `${secondText(certificate.notBefore).slice(0, 10)} to ${secondText(certificate.notAfter).slice(0, 10)}`,
      ...(i > 0 && i === length - 1 ? leafLines : []),
    ],
  }));
}

/** The common name, then organisation and country; whatever else there is when there is no such name. */
function nameLines(name: Name): string[] {
  const values = (type: string) => nameValues(name, type).map(({ text }) => text);
  const common = values(commonName);
  if (common.length === 0) return [nameText(name)];
  return [common.join(", "), [...values(oids.organizationName), ...values(oids.countryName)].join(", ")];
}

const timeText = (time: Date): string => secondText(time).replace("T", " ").replace("Z", " UTC");
