import { createHash } from "node:crypto";
import { sha256Hex } from "../../src/core/brands.js";

export const digestOf = (bytes: Uint8Array) => sha256Hex(createHash("sha256").update(bytes).digest("hex"));
