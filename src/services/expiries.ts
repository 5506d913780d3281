/**
 * Everything that publishing depends on and that ends at a time: the metadata of every role, the certificates of both chains, and the
 * revocation data in the public tree. For alarms, and for the refusal to publish what would not last.
 */
import { base64Bytes } from "../core/encoding/bytes.js";
import { type Certificate, parseCertificate } from "../core/pki/certificate.js";
import { nameText } from "../core/pki/names.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { common, parseEnvelope, type TopRole } from "../core/trust/metadata.js";
import type { ServiceContext } from "./context.js";
import { knownAuthority, revocationExpiries } from "./mirror-revocation.js";
import type { MetadataObject } from "./model.js";
import { requirePublication } from "./published-trust.js";
import { readObject } from "./source-batches.js";

/** `signer` and `authority` are certificates: of the publisher's chain, and of the time-stamp authority that stamped last. */
export type ExpiryKind = "role" | "signer" | "authority" | "revocation";

export interface Expiry {
  readonly kind: ExpiryKind;
  /** The role, the subject of the certificate, or the file below `public/`. */
  readonly name: string;
  readonly expires: Date;
}

type ExpiryContext = Pick<ServiceContext, "records" | "tree" | "objects" | "publisherChain" | "clock">;

/** Soonest first. @throws OperationError of the stores */
export async function listExpiries(context: ExpiryContext): Promise<Expiry[]> {
  const authority = await knownAuthority(context);
  const found = [
    ...(await roleExpiries(context)),
    ...context.publisherChain.map((der) => certificateExpiry("signer", parseCertificate(der))),
    ...authority.map((text) => certificateExpiry("authority", parseCertificate(base64Bytes(text)))),
    ...(await revocationExpiries(context)).map((one) => ({ kind: "revocation" as const, ...one })),
  ];
  return found.sort((a, b) => a.expires.getTime() - b.expires.getTime());
}

async function roleExpiries(context: ExpiryContext): Promise<Expiry[]> {
  const { body } = await requirePublication(context);
  const found: Expiry[] = [];
  const root = await context.tree.read(metadataPath("root", body.rootVersion));
  if (root !== undefined) found.push(roleExpiry("root", root, "root"));
  const online: [TopRole, MetadataObject | null][] = [
    ["snapshot", body.snapshot],
    ["timestamp", body.timestamp],
  ];
  for (const [role, file] of online) {
    if (file !== null) found.push(roleExpiry(role, await readObject(context.objects, file.sha256), role));
  }
  for (const { role, sha256 } of body.files) {
    found.push(roleExpiry(role, await readObject(context.objects, sha256), "targets"));
  }
  return found;
}

function roleExpiry(name: string, file: Uint8Array, type: TopRole): Expiry {
  return { kind: "role", name, expires: common(parseEnvelope(file, type).signed).expires };
}

function certificateExpiry(kind: "signer" | "authority", { subject, notAfter }: Certificate): Expiry {
  return { kind, name: nameText(subject), expires: notAfter };
}
