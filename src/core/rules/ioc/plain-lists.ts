/**
 * The plain lists: `indicatorText` of each record on a line of its own, without a text for each. What is rare or long to write is left to
 * that.
 */
import { byteString } from "../../encoding/bytes.js";
import { drawnFile } from "../line-export.js";
import type { ExportedFile } from "../model.js";
import { cursorOf } from "../record-cursor.js";
import { indicatorText } from "./indicator-text.js";
import { type IndicatorType, indicatorType, listName, typeMark } from "./types.js";

const chunkBytes = 256 * 1024;
/** No text is longer than twice its record and this. */
const textBytesMore = 64;

const [lineFeed, space, dot, colon] = [0x0a, 0x20, 0x2e, 0x3a];

/** Of one whole section, one file a type. */
export function* exportLists(section: Iterable<string>): Iterable<ExportedFile> {
  const records = cursorOf(section);
  const lines = new ListWriter();
  let more = records.next();
  while (more) {
    const type = records.bytes[0] as IndicatorType;
    const chunks = function* () {
      while (more && records.bytes[0] === type) {
        lines.write(type, records.bytes, records.length);
        more = records.next();
        if (lines.length >= chunkBytes) yield lines.take();
      }
      if (lines.length > 0) yield lines.take();
    };
    yield* drawnFile(listName(typeMark(type)), chunks());
  }
}

class ListWriter {
  length = 0;
  #bytes = new Uint8Array(chunkBytes + 4096);

  /** A view: the next `write` begins anew there. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  write(type: IndicatorType, record: Uint8Array, length: number): void {
    this.#room(2 * length + textBytesMore);
    switch (type) {
      case indicatorType.md5:
      case indicatorType.sha1:
      case indicatorType.sha256:
      case indicatorType.sha512:
        this.#hex(record, length);
        break;
      case indicatorType.ipv4:
        this.#ipv4(record);
        break;
      case indicatorType.ipv4Port:
        this.#ipv4(record);
        this.#byte(colon);
        this.#decimal(((record[5] as number) << 8) | (record[6] as number));
        break;
      case indicatorType.domain:
        this.#name(record, length);
        break;
      case indicatorType.path:
        this.#copy(record, 1, length);
        break;
      default:
        this.#text(indicatorText(byteString(record.subarray(0, length))));
    }
    this.#byte(lineFeed);
  }

  #hex(record: Uint8Array, length: number): void {
    for (let i = 1; i < length; i++) {
      const byte = record[i] as number;
      this.#byte(hexDigits.charCodeAt(byte >> 4));
      this.#byte(hexDigits.charCodeAt(byte & 15));
    }
  }

  #ipv4(record: Uint8Array): void {
    for (let i = 1; i <= 4; i++) {
      if (i > 1) this.#byte(dot);
      this.#decimal(record[i] as number);
    }
  }

  /** Below 100,000. */
  #decimal(value: number): void {
    for (let unit = 10_000; unit > 1; unit /= 10) {
      if (value >= unit) this.#byte(0x30 + (Math.floor(value / unit) % 10));
    }
    this.#byte(0x30 + (value % 10));
  }

  /** The labels of a host's key, the last one first. */
  #name(record: Uint8Array, length: number): void {
    let end = length;
    for (let at = length - 1; at >= 1; at--) {
      if (record[at] !== space) continue;
      this.#copy(record, at + 1, end);
      this.#byte(dot);
      end = at;
    }
    this.#copy(record, 1, end);
  }

  #copy(record: Uint8Array, from: number, to: number): void {
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = from; i < to; i++) bytes[at++] = record[i] as number;
    this.length = at;
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#byte(text.charCodeAt(i));
  }

  #byte(value: number): void {
    this.#bytes[this.length++] = value;
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length + bytes);
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}

const hexDigits = "0123456789abcdef";
