/** SPEC §3.9.3: addresses, as numbers: an IPv4 address is one of 32 bits, an IPv6 address one of 128. */

/** Undefined when the text is none. */
export function ipv4Number(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const parts = match?.slice(1) ?? [];
  if (parts.length === 0 || parts.some((part) => Number(part) > 255 || /^0\d/.test(part))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function ipv6Number(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2 || text.length < 2) return undefined;
  const lists = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  const [front, back] = lists;
  if (front === undefined || (halves.length === 2 && back === undefined)) return undefined;
  const zeros = 8 - front.length - (back?.length ?? 0);
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined;
  const groups = [...front, ...Array.from({ length: zeros }, () => 0), ...(back ?? [])];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** Groups of 16 bits; the last may be an IPv4 address. */
function groupsOf(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    const dotted = mayEndInIPv4 && i === parts.length - 1 ? ipv4Number(part) : undefined;
    if (dotted !== undefined) groups.push(Math.floor(dotted / 65536), dotted % 65536);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** The most significant byte first, as a byte string. */
export function numberBytes(value: bigint | number, bytes: number): string {
  let text = "";
  for (let i = bytes - 1; i >= 0; i--)
    text += String.fromCharCode(Number((BigInt(value) >> BigInt(8 * i)) & 255n));
  return text;
}

/** RFC 5952 §4 and §5. */
export function ipv6Text(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  if (value >> 32n === 0xffffn) {
    const low = Number(value & 0xffffffffn);
    return `::ffff:${[24, 16, 8, 0].map((shift) => Math.floor(low / 2 ** shift) % 256).join(".")}`;
  }
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = [...text.matchAll(/(?<=^|:)0(?::0)+(?=:|$)/g)];
  const longest = runs.reduce((best, [run]) => (run.length > best.length ? run : best), "");
  const found = runs.find(([run]) => run === longest);
  if (found === undefined) return text;
  const behind = text.slice(found.index + longest.length).replace(/^:/, "");
  return `${text.slice(0, found.index).replace(/:$/, "")}::${behind}`;
}
