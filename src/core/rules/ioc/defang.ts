/** Indicators are passed around made harmless ("hxxp://evil[.]example"); this gives them their teeth back. */

const separators = /\[(\.|:|\/|:\/\/|dot)\]|\((\.|dot)\)|\{(\.|dot)\}/gi;
const scheme = /^(hxxps?|fxps?)(?=:\/\/)/i;
const schemes: Readonly<Record<string, string>> = { hxxp: "http", hxxps: "https", fxp: "ftp", fxps: "ftps" };

export function refang(text: string): string {
  const plain = text.replace(separators, (_whole, a?: string, b?: string, c?: string) => {
    const inner = (a ?? b ?? c) as string;
    return inner.toLowerCase() === "dot" ? "." : inner;
  });
  return plain.replace(scheme, (found) => schemes[found.toLowerCase()] as string);
}
