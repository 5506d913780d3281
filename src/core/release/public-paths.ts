/**
 * The files of the public tree (SPEC §9.2): what each is called, what kind it is, and how long it may be kept.
 *
 * Every file but `metadata/timestamp.json`, `log/checkpoint` and the newest revocation data is immutable once it exists, so it may be kept
 * for a year; the head is revalidated each time.
 */
const digest = "[0-9a-f]{64}";
const role = "[a-z][a-z0-9-]{0,62}";

export const publicHead = "metadata/timestamp.json";
export const publicCheckpoint = "log/checkpoint";

/** Top-level folders that are public, and what a file in each is called. Temporary names match none of them. */
const shapes: readonly RegExp[] = [
  /^metadata\/timestamp\.json$/,
  new RegExp(`^metadata/[1-9][0-9]*\\.${role}\\.json$`),
  new RegExp(`^targets/${role}/${digest}\\.[A-Za-z0-9][A-Za-z0-9.-]*$`),
  new RegExp(
    `^evidence/${role}/[1-9][0-9]*(\\.mldsa\\.p7s|\\.p7s|(\\.clamav|\\.provenance|\\.verdicts)?\\.json)$`,
  ),
  new RegExp(`^rings/${role}/${digest}\\.json$`),
  /^crl\/[a-z0-9-]{1,60}(\/[0-9]{1,50})?\.crl$/,
  /^ocsp\/[a-z0-9-]{1,60}\.ors$/,
  /^log\/checkpoint$/,
  /^log\/tile\/(entries|[0-6])\/(x[0-9]{3}\/){0,4}[0-9]{3}(\.p\/[1-9][0-9]{0,2})?$/,
];
const newestRevocation = /^(crl\/[a-z0-9-]{1,60}\.crl|ocsp\/[a-z0-9-]{1,60}\.ors)$/;

const types: Readonly<Record<string, string>> = {
  json: "application/json",
  crl: "application/pkix-crl",
  ors: "application/ocsp-response",
  p7s: "application/pkcs7-signature",
  rmp: "application/octet-stream",
};

/** SPEC §9.2.1: nothing else in the folder is public. */
export function isPublicPath(path: string): boolean {
  return shapes.some((shape) => shape.test(path)) && !path.includes("..");
}

/** Everything else stays as it is for ever. */
export function isReplaced(path: string): boolean {
  return (
    path === publicHead ||
    path === publicCheckpoint ||
    newestRevocation.test(path) ||
    path.endsWith(".verdicts.json")
  );
}

export function publicCacheControl(path: string): string {
  return isReplaced(path) ? "no-cache" : "public, max-age=31536000, immutable";
}

export function publicContentType(path: string): string {
  if (path === publicCheckpoint) return "text/plain; charset=utf-8";
  return types[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
