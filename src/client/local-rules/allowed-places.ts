/**
 * Whether something that the owner vouches for may stand at or above an indicator (`candidatesOf`): a quick no for nearly all of a million, by
 * the first two bytes of an address and the two upper labels of a name. A yes is to be looked at.
 */
import { addressOf, mappedPrefix } from "../../core/rules/ioc/candidates.js";
import { indicatorType, typeOf } from "../../core/rules/ioc/types.js";

const prefixBits = 16;

export class AllowedPlaces {
  /** By the first two bytes. */
  readonly #ipv4 = new Uint8Array(1 << prefixBits);
  readonly #ipv6 = new Uint8Array(1 << prefixBits);
  /** Of names their two upper labels, or the upper one where a wildcard or nothing is below it; hosts of other kinds as they are. */
  readonly #hosts = new Set<string>();
  /** Nothing quick is known of these. */
  #hasPaths = false;

  add(record: string): void {
    switch (typeOf(record)) {
      case indicatorType.ipv4:
      case indicatorType.ipv4Port:
        mark(this.#ipv4, record, prefixBits);
        break;
      case indicatorType.ipv4Block:
        mark(this.#ipv4, record, record.charCodeAt(5));
        break;
      case indicatorType.ipv6:
      case indicatorType.ipv6Port:
        mark(this.#ipv6, record, prefixBits);
        break;
      case indicatorType.ipv6Block:
        mark(this.#ipv6, record, record.charCodeAt(17));
        break;
      case indicatorType.domain:
      case indicatorType.domainPort:
      case indicatorType.url:
      case indicatorType.urlPart: {
        const { upper, upperTwo } = labelsOf(hostOf(record));
        this.#hosts.add(upperTwo.endsWith(" *") ? upper : upperTwo);
        break;
      }
      case indicatorType.path:
        this.#hasPaths = true;
    }
  }

  /** Hashes are none of these, and stand for themselves. */
  mayHold(record: string): boolean {
    const type = typeOf(record);
    switch (type) {
      case indicatorType.ipv4:
      case indicatorType.ipv4Block:
      case indicatorType.ipv4Port:
        return this.#ipv4[placeOf(record, 1)] === 1;
      case indicatorType.ipv6:
      case indicatorType.ipv6Block:
      case indicatorType.ipv6Port:
        return this.#mayHoldIPv6(record, 1);
      case indicatorType.domain:
      case indicatorType.domainPort:
        return this.#mayHoldHost(hostOf(record));
      case indicatorType.url:
      case indicatorType.urlPart:
        return this.#hasPaths || this.#mayHoldAnyHost(hostOf(record));
      default:
        return true;
    }
  }

  #mayHoldIPv6(text: string, at: number): boolean {
    if (this.#ipv6[placeOf(text, at)] === 1) return true;
    return text.startsWith(mappedPrefix, at) && this.#ipv4[placeOf(text, at + mappedPrefix.length)] === 1;
  }

  #mayHoldHost(host: string): boolean {
    const { upper, upperTwo } = labelsOf(host);
    return this.#hosts.has(upperTwo) || this.#hosts.has(upper);
  }

  #mayHoldAnyHost(host: string): boolean {
    if (this.#mayHoldHost(host)) return true;
    const address = addressOf(host);
    if (address === undefined) return false;
    return address.length === 4 ? this.#ipv4[placeOf(address, 0)] === 1 : this.#mayHoldIPv6(address, 0);
  }
}

function placeOf(text: string, at: number): number {
  return (text.charCodeAt(at) << 8) | text.charCodeAt(at + 1);
}

/** Every place below a network's prefix. */
function mark(places: Uint8Array, record: string, bits: number): void {
  const spare = Math.max(0, prefixBits - bits);
  const first = (placeOf(record, 1) >>> spare) << spare;
  places.fill(1, first, first + (1 << spare));
}

/** The key of the host of a name, a name with a port or a URL. */
function hostOf(record: string): string {
  const type = record.charCodeAt(0);
  if (type === indicatorType.domain) return record.slice(1);
  return record.slice(1, type === indicatorType.domainPort ? -2 : record.indexOf("\0"));
}

function labelsOf(host: string): { readonly upper: string; readonly upperTwo: string } {
  const first = host.indexOf(" ");
  if (first < 0) return { upper: host, upperTwo: host };
  const second = host.indexOf(" ", first + 1);
  return { upper: host.slice(0, first), upperTwo: second < 0 ? host : host.slice(0, second) };
}
