/**
 * One PKCS#11 library in this process. Login and initialisation belong to the process, not to a session, and a session does
 * one operation at a time: so everything that touches one library goes through one queue, and a reset counts up
 * a generation that its connections compare.
 */
import type { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { OperationError, RulemintError, quote } from "../../core/errors.js";

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
  readonly session: { close(): void };
  login(pin: string): void;
}
type TokenCryptoClass = new (options: { library: string; slot: number; readWrite: boolean }) => TokenCrypto;

/** More slots than any machine has; the library answers far earlier. */
const slotsMax = 64;
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

  /**
   * Runs `work` when everything before it has finished. Whatever fails leaves a clean library behind, because an operation
   * that broke off blocks its session; `attempts` of 2 tries once more on that. A wrong PIN is never tried again.
   */
  queued<T>(attempts: 1 | 2, doing: string, tokenLabel: string, work: () => Promise<T>): Promise<T> {
    const attempt = async (left: number): Promise<T> => {
      try {
        return await work();
      } catch (cause) {
        const error = signerError(cause, doing, tokenLabel);
        if (error.code === "SIGNER_PIN" || error.code === "KEY_EXISTS") throw error;
        this.#reset();
        if (left <= 1) throw error;
        return attempt(left - 1);
      }
    };
    const result = this.#tail.then(() => attempt(attempts));
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
      quietly(() => crypto.session.close());
      throw signerError(cause, `logging in to token ${quote(tokenLabel)}`, tokenLabel);
    }
    this.#connections.set(tokenLabel, crypto);
    this.#pins.set(tokenLabel, pin);
    return crypto;
  }

  /** Forgets every session and the library's own state: the only way in which some libraries see a token again. */
  #reset(): void {
    this.#connections.clear();
    this.generation++;
    quietly(() => loadLibrary(this.#path).finalize());
  }

  /** Slots move when tokens come and go; labels stay. */
  async #find(tokenLabel: string): Promise<TokenCrypto> {
    const TokenCrypto = await this.#load();
    let reason: unknown;
    for (let slot = 0; slot < slotsMax; slot++) {
      try {
        const crypto = new TokenCrypto({ library: this.#path, slot, readWrite: true });
        if (crypto.token.label.trimEnd() === tokenLabel) return crypto;
        quietly(() => crypto.session.close());
      } catch (cause) {
        // One slot may hold an empty token; a later one may still be ours. Past the last one, every number fails.
        reason = cause;
        if (!/CKR_TOKEN/.test(String(cause))) break;
      }
    }
    throw signerError(reason, `finding token ${quote(tokenLabel)} in ${quote(this.#path)}`, tokenLabel);
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

/** The library below the optional package, reached through it: when no slot opens, nobody else can finalise the module. */
function loadLibrary(path: string): { finalize(): void } {
  const require = createRequire(import.meta.url);
  const graphene = createRequire(require.resolve(packageName))("graphene-pk11") as {
    Module: { load(path: string): { finalize(): void } };
  };
  return graphene.Module.load(path);
}

/** Clearing up: what is gone already is what was wanted, and the next use shows whether anything is left. */
function quietly(clear: () => void): void {
  try {
    clear();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
  }
}

/** What the library said, as one of our two codes; a refusal of ours as it is. */
export function signerError(cause: unknown, doing: string, tokenLabel: string): RulemintError {
  if (cause instanceof RulemintError) return cause;
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
