/** A file that a person asked for. */
import { resolve } from "node:path";
import { writeFileDurably } from "../adapters/durable-files.js";
import { utf8Bytes } from "../core/encoding/bytes.js";

/** Only its owner can read it. @throws OperationError STORE_FULL, STORE_FAILED */
export const writePrivateText = (path: string, text: string): Promise<void> =>
  writeFileDurably(resolve(path), utf8Bytes(text), { mode: 0o600 });
