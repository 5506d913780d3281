/**
 * One PKCS#11 library in this process. Login and initialisation belong to the process, not to a session, and a session does
 * one operation at a time: so everything that touches one library goes through one queue, and a reset counts up
 * a generation that its connections compare.
 */
import type { webcrypto } from "node:crypto";
import { OperationError, quote } from "../../core/errors.js";

/** As much of node-webcrypto-p11 as is used; the package is optional, so its own types may be absent. */
export interface TokenCrypto {
  readonly subtle: webcrypto.SubtleCrypto;
  readonly keyStorage: {
    keys(): Promise<string[]>;
    getItem(
      id: string,
      algorithm?: object,
      extractable?: boolean,
      usages?: string[],
    ): Promise<webcrypto.CryptoKey>;
  };
  readonly token: { readonly label: string };
  readonly slot: { readonly module: { finalize(): void; close(): void } };
  readonly session: { close(): void };
  login(pin: string): void;
}
type TokenCryptoClass = new (options: { library: string; slot: number; readWrite: boolean }) => TokenCrypto;

const packageName = "node-webcrypto-p11";
const modules = new Map<string, TokenModule>();

/** The library at `path`; the same object for the same path. */
export function tokenModule(path: string): TokenModule {
  const known = modules.get(path) ?? new TokenModule(path);
  modules.set(path, known);
  return known;
}

export class TokenModule {
  readonly #path: string;
  /** Tail of the queue; never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  /** PINs that worked, by token label: a second login in one process would not be checked by the token. */
  readonly #pins = new Map<string, string>();
  readonly #connections = new Map<string, TokenCrypto>();
  generation = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Runs `work` when everything before it has finished. */
  queued<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** The logged-in connection to a token. Call it inside the queue. @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN */
  async connect(tokenLabel: string, pin: string): Promise<TokenCrypto> {
    const known = this.#connections.get(tokenLabel);
    if (known !== undefined) {
      if (this.#pins.get(tokenLabel) !== pin) throw wrongPIN(tokenLabel);
      return known;
    }
    const crypto = await this.#find(tokenLabel);
    try {
      crypto.login(pin);
    } catch (cause) {
      closeQuietly(crypto);
      throw signerError(cause, `logging in to token ${quote(tokenLabel)}`, tokenLabel);
    }
    this.#connections.set(tokenLabel, crypto);
    this.#pins.set(tokenLabel, pin);
    return crypto;
  }

  /** Forgets every session and the library's own state: the only way some tokens are seen again. Call it inside the queue. */
  reset(): void {
    const [any] = this.#connections.values();
    this.#connections.clear();
    this.generation++;
    try {
      any?.slot.module.finalize();
    } catch (cause) {
      // A library that lost its device may refuse; the next initialisation shows whether it came back.
      this.lastResetFailure = cause;
    }
  }
  lastResetFailure: unknown;

  /** Slots move when tokens come and go; labels stay. */
  async #find(tokenLabel: string): Promise<TokenCrypto> {
    const TokenCrypto = await this.#load();
    for (let slot = 0; ; slot++) {
      let crypto: TokenCrypto;
      try {
        crypto = new TokenCrypto({ library: this.#path, slot, readWrite: true });
      } catch (cause) {
        throw signerError(cause, `finding token ${quote(tokenLabel)} in ${quote(this.#path)}`, tokenLabel);
      }
      if (crypto.token.label.trimEnd() === tokenLabel) return crypto;
      closeQuietly(crypto);
    }
  }

  async #load(): Promise<TokenCryptoClass> {
    try {
      return ((await import(packageName)) as { Crypto: TokenCryptoClass }).Crypto;
    } catch (cause) {
      const advice = `expected the optional package ${packageName} (it needs a C++ compiler to install), got none`;
      throw new OperationError("SIGNER_UNAVAILABLE", advice, { cause });
    }
  }
}

/** Ends the session, not the library: other signers of the process use it. */
function closeQuietly(crypto: TokenCrypto): void {
  try {
    crypto.session.close();
  } catch (cause) {
    // A session that is already gone is what was wanted.
    if (!(cause instanceof Error)) throw cause;
  }
}

/** What the library said, as one of our two codes. */
export function signerError(cause: unknown, doing: string, tokenLabel: string): OperationError {
  if (cause instanceof OperationError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  if (/CKR_PIN_(INCORRECT|INVALID|LEN_RANGE|EXPIRED|LOCKED)/.test(said)) return wrongPIN(tokenLabel, cause);
  return new OperationError("SIGNER_UNAVAILABLE", `expected success in ${doing}, got ${quote(said)}`, {
    cause,
  });
}

function wrongPIN(tokenLabel: string, cause?: unknown): OperationError {
  const message = `expected the PIN of token ${quote(tokenLabel)}, got another; a token locks after a few of them`;
  return new OperationError("SIGNER_PIN", message, { cause });
}
