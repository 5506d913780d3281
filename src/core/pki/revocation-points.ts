/** Where a certificate says that its revocation list lies, and what that list is called when somebody mirrors it. */
import { hexText, utf8Bytes } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import type { Certificate } from "./certificate.js";

/** The addresses of one list, and its name in a mirror (SPEC §6.8.10). */
export interface PublishedPoint {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Each list once, for every certificate of the paths but their anchors. Points for some reasons alone are points like others. */
export async function publishedPoints(paths: readonly (readonly Certificate[])[]): Promise<PublishedPoint[]> {
  const found = new Map<string, PublishedPoint>();
  for (const { extensions } of paths.flatMap((path) => path.slice(0, -1))) {
    for (const { fullName } of extensions.crlDistributionPoints ?? []) {
      const addresses = fullName.filter(({ form, text }) => form === "uri" && /^https?:\/\//.test(text));
      const [first] = addresses;
      if (first === undefined) continue;
      const name = await pointName(first.text);
      found.set(name, { name, addresses: addresses.map(({ text }) => text) });
    }
  }
  return [...found.values()];
}

/** The last part of the address for people, and eight digits of the digest of the whole, so that no two places share a name. */
async function pointName(address: string): Promise<string> {
  const last = (address.split(/[?#]/)[0] as string).split("/").at(-1) ?? "";
  const stem = last
    .toLowerCase()
    .replace(/\.crl$/, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const digest = hexText(await sha256(utf8Bytes(address))).slice(0, 8);
  return `${stem.slice(0, 40) || "list"}-${digest}`;
}
