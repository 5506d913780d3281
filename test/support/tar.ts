/** Tar archives for tests: proper ones, and ones that no honest program writes. */
import { Buffer } from "node:buffer";

export interface TarPart {
  readonly path: string;
  readonly content?: Uint8Array | string;
  /** Type flag; a regular file when absent. */
  readonly type?: string;
  readonly link?: string;
  /** Declared size when it is to differ from the content's. */
  readonly declared?: number;
}

export function tarHeader(part: TarPart): Buffer {
  const block = Buffer.alloc(512);
  block.write(part.path, 0, 100, "utf8");
  block.write("0000644\0", 100, "latin1");
  block.write("0000000\0", 108, "latin1");
  block.write("0000000\0", 116, "latin1");
  const bytes = part.declared ?? contentOf(part).length;
  block.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  block.write("00000000000\0", 136, "latin1");
  block.write("        ", 148, "latin1");
  block.write(part.type ?? "0", 156, "latin1");
  block.write(part.link ?? "", 157, 100, "utf8");
  block.write("ustar\x0000", 257, "latin1");
  return withChecksum(block);
}

export function withChecksum(block: Buffer): Buffer {
  block.write("        ", 148, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

export function tarEnd(): Buffer {
  return Buffer.alloc(1024);
}

/** Headers, contents and padding, without the end. */
export function tarParts(parts: readonly TarPart[]): Buffer {
  const pieces: Buffer[] = [];
  for (const part of parts) {
    const content = contentOf(part);
    pieces.push(tarHeader(part), content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat(pieces);
}

export function tarArchive(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts = Object.entries(files).map(([path, content]) => ({ path, content }));
  return Buffer.concat([tarParts(parts), tarEnd()]);
}

function contentOf(part: TarPart): Buffer {
  return Buffer.from((part.content ?? "") as Uint8Array);
}
