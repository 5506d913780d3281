/** The parts of `rulemint.yaml` about both logs: the public one with its witnesses, and the one of who did what behind the doors. */
import { z } from "zod";
import { secretPlace } from "./secret-place.js";

/** A witness that is asked to cosign: at an address, or, for development only, in a folder of this machine. */
const witness = z
  .strictObject({
    name: z.string().regex(/^\S+$/),
    vkey: z.string().min(1),
    url: z.url().optional(),
    folder: z.string().min(1).optional(),
  })
  .refine((place) => (place.url === undefined) !== (place.folder === undefined), {
    message: "expected either url or folder",
  });

/** Logs sign with Ed25519, which what stands between us and a token does not do: whoever names a token is told so. */
const keyFileOnly: z.core.$ZodErrorMap = ({ code, keys = [] }) =>
  code === "unrecognized_keys" && /module|tokenLabel|keyLabel/.test(String(keys))
    ? "expected a key file: a log's key is Ed25519, and keys in PKCS#11 tokens are P-256 or RSA"
    : undefined;

export const log = z.strictObject(
  {
    origin: z.string().regex(/^[^\s+]+$/),
    keyFile: z.string().min(1),
    passphrase: secretPlace,
    /** Between heartbeats. */
    heartbeatMinutes: z.number().int().min(1).max(10_080).default(60),
    witnesses: z.array(witness).max(32).default([]),
  },
  { error: keyFileOnly },
);

/** The second log: who read or changed what behind the doors. */
export const access = z.strictObject(
  {
    origin: z.string().regex(/^[^\s+]+$/),
    keyFile: z.string().min(1),
    passphrase: secretPlace,
    heartbeatMinutes: z.number().int().min(1).max(1440).default(15),
  },
  { error: keyFileOnly },
);
