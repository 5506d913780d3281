/**
 * The Signer over a PKCS#11 token. The key is made inside the token and never leaves it. A lost session is reopened once; a
 * wrong PIN is never tried twice, because tokens lock.
 */
import type { webcrypto } from "node:crypto";
import { formatECDSASignature } from "../../core/encoding/der-ecdsa.js";
import { OperationError, PolicyError, quote } from "../../core/errors.js";
import type { Signer, SignatureScheme } from "../../ports/signer.js";
import { type TokenCrypto, type TokenModule, tokenModule } from "./pkcs11-module.js";
import { signatureCheck } from "./self-check.js";

/** PKCS#11 signers have no Ed25519: the library between us and the token does not know it. */
export type TokenScheme = Exclude<SignatureScheme, "ed25519">;

export interface TokenKeyOptions {
  readonly modulePath: string;
  readonly tokenLabel: string;
  readonly pin: string;
  readonly keyLabel: string;
  readonly scheme: TokenScheme;
}

const importParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", hash: "SHA-256" },
} as const;

const signParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", saltLength: 32 },
} as const;

interface TokenKey {
  readonly crypto: TokenCrypto;
  readonly privateKey: webcrypto.CryptoKey;
  readonly generation: number;
}

/** Makes the key in the token: sensitive, never extractable. Gives its SubjectPublicKeyInfo. @throws OperationError */
export async function generateTokenKey(options: TokenKeyOptions): Promise<Uint8Array> {
  const { tokenLabel, pin, keyLabel, scheme } = options;
  const module = tokenModule(options.modulePath);
  return module.queued(1, `generating key ${quote(keyLabel)}`, tokenLabel, async () => {
    const crypto = await module.connect(tokenLabel, pin);
    if ((await keysLabelled(crypto, keyLabel, "private")).length > 0) {
      // SPEC §6.9.5
      const place = `key ${quote(keyLabel)} in token ${quote(tokenLabel)}`;
      throw new PolicyError("KEY_EXISTS", `expected no ${place} yet, got one`);
    }
    const rsa = { modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) };
    const parameters = {
      ...{ ...importParameters[scheme], ...(scheme === "rsa-pss-3072-sha256" ? rsa : {}) },
      ...{ token: true, sensitive: true, label: keyLabel },
    };
    const usages: webcrypto.KeyUsage[] = ["sign", "verify"];
    const pair = (await crypto.subtle.generateKey(parameters, false, usages)) as webcrypto.CryptoKeyPair;
    return new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  });
}

/**
 * With `spki` (from the certificate, say) the token may be away for now: the signer opens it when it is needed.
 *
 * @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN
 */
export async function openPKCS11Signer(
  options: TokenKeyOptions & { readonly spki?: Uint8Array },
): Promise<Signer> {
  const signer = new PKCS11Signer(options, tokenModule(options.modulePath));
  try {
    await signer.open();
  } catch (cause) {
    const away = cause instanceof OperationError && cause.code === "SIGNER_UNAVAILABLE";
    if (!away || options.spki === undefined) throw cause;
  }
  return signer;
}

class PKCS11Signer implements Signer {
  readonly scheme: TokenScheme;
  readonly #options: TokenKeyOptions;
  readonly #module: TokenModule;
  #spki: Uint8Array | undefined;
  #key: TokenKey | undefined;
  /** Set once and for ever: closed, or a PIN that must not be tried again. */
  #over: OperationError | undefined;

  constructor(options: TokenKeyOptions & { readonly spki?: Uint8Array }, module: TokenModule) {
    this.scheme = options.scheme;
    this.#options = options;
    this.#module = module;
    this.#spki = options.spki;
  }

  get spki(): Uint8Array {
    if (this.#spki === undefined) throw new Error("the signer was handed out before it was open");
    return this.#spki;
  }

  open(): Promise<void> {
    return this.#queued("opening", async () => undefined);
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#queued("signing with", async ({ crypto, privateKey }) => {
      const bytes = Uint8Array.from(message);
      const raw = new Uint8Array(await crypto.subtle.sign(signParameters[this.scheme], privateKey, bytes));
      return this.scheme === "ecdsa-p256-sha256" ? formatECDSASignature(raw) : raw;
    });
    return signatureCheck(this.scheme, this.spki)(message, signature);
  }

  probe(): Promise<void> {
    return this.#queued("reaching", async ({ crypto }) => {
      await crypto.keyStorage.keys();
    });
  }

  async close(): Promise<void> {
    this.#over = new OperationError("SIGNER_UNAVAILABLE", "expected an open signer, got a closed one");
    this.#key = undefined;
  }

  /** The session, the token or the whole library may have gone since the last time: hence two attempts. */
  async #queued<T>(doing: string, work: (key: TokenKey) => Promise<T>): Promise<T> {
    if (this.#over !== undefined) throw this.#over;
    const { tokenLabel, keyLabel } = this.#options;
    try {
      return await this.#module.queued(2, `${doing} key ${quote(keyLabel)}`, tokenLabel, async () =>
        work(await this.#connected()),
      );
    } catch (cause) {
      if (cause instanceof OperationError && cause.code === "SIGNER_PIN") this.#over = cause;
      throw cause;
    }
  }

  /** The key of the current generation, found again by its labels when there is none. Call it inside the queue. */
  async #connected(): Promise<TokenKey> {
    // SPEC §6.9.2: a call that waited in the queue behind a wrong PIN must not become a second try.
    if (this.#over?.code === "SIGNER_PIN") throw this.#over;
    const { generation } = this.#module;
    if (this.#key?.generation === generation) return this.#key;
    const crypto = await this.#module.connect(this.#options.tokenLabel, this.#options.pin);
    this.#key = { crypto, privateKey: await this.#find(crypto), generation };
    return this.#key;
  }

  async #find(crypto: TokenCrypto): Promise<webcrypto.CryptoKey> {
    const { keyLabel } = this.#options;
    const parameters = importParameters[this.scheme];
    const [id, ...others] = await keysLabelled(crypto, keyLabel, "private");
    if (id === undefined || others.length > 0) {
      const got = id === undefined ? "none" : `${others.length + 1}`;
      throw new OperationError("SIGNER_UNAVAILABLE", `expected one key ${quote(keyLabel)}, got ${got}`);
    }
    if (this.#spki === undefined) {
      const [publicID] = await keysLabelled(crypto, keyLabel, "public");
      if (publicID === undefined) {
        throw new OperationError("SIGNER_UNAVAILABLE", `expected a public key ${quote(keyLabel)}, got none`);
      }
      const publicKey = await crypto.keyStorage.getItem(publicID, parameters, true, ["verify"]);
      this.#spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
    }
    return crypto.keyStorage.getItem(id, parameters, false, ["sign"]);
  }
}

/** Ids in the token change from process to process; the label is what stays. */
async function keysLabelled(
  crypto: TokenCrypto,
  label: string,
  half: "private" | "public",
): Promise<string[]> {
  const ids = (await crypto.keyStorage.keys()).filter((id) => id.startsWith(half));
  const found: string[] = [];
  for (const id of ids) {
    const key = await crypto.keyStorage.getItem(id);
    if ((key.algorithm as { label?: string }).label === label) found.push(id);
  }
  return found;
}
