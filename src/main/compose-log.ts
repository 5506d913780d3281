/** The release log put together: its folders, its key, its witnesses, and the policy that the newest root gives customers. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openFilesystemLog } from "../adapters/log/filesystem.js";
import { TilesInTree } from "../adapters/log/tiles-in-tree.js";
import { openWebCryptoSigner } from "../adapters/signer/webcrypto.js";
import { type LogPolicy, parseLogPolicy } from "../core/log/log-policy.js";
import { formatVerifierKey } from "../core/log/verifier-key.js";
import type { Clock } from "../ports/clock.js";
import type { Signer } from "../ports/signer.js";
import { type OwnLog, logKey } from "../services/append-to-log.js";
import type { ServiceContext } from "../services/context.js";
import { publishedPolicy } from "../services/published-trust.js";
import type { ReleaseLog } from "../services/release-log.js";
import { type Configuration, type LogConfiguration, readSecret, resolveIn } from "./configuration.js";
import { witnessesOf } from "./compose-witness.js";
import { nodeDigest, nodePairDigest } from "../adapters/node-digest.js";

export interface ComposedLog {
  readonly log: ReleaseLog;
  /** So that another process may open it. */
  letGo(): Promise<void>;
  close(): Promise<void>;
}

type LogContext = Pick<ServiceContext, "records" | "tree" | "leadership"> & { readonly clock: Clock };

/** Nothing is opened yet: a ceremony on a data folder that is being served must not ask for the log's lock. */
export function composeReleaseLog(
  folder: string,
  { publicTree }: Pick<Configuration, "publicTree">,
  configuration: LogConfiguration,
  { records, tree, clock, leadership }: LogContext,
): ComposedLog {
  const parts: { close(): Promise<void> }[] = [];
  let opened: Promise<OwnLog> | undefined;
  const open = async (): Promise<OwnLog> => {
    const signer = await openLogKey(folder, configuration);
    parts.push(signer);
    const store = await openFilesystemLog({
      files: publicTree.kind === "folder" ? join(folder, "public", "log") : new TilesInTree(tree, "log"),
      state: join(folder, "log"),
      digest: nodeDigest,
    });
    parts.push(store);
    const { origin } = configuration;
    const log = {
      origin,
      signer,
      store,
      clock,
      pairDigest: nodePairDigest,
      pause: (ms: number) => pause(ms),
    };
    const policy = () => policyOfRoot({ records, tree }, log);
    return { ...log, witnesses: witnessesOf(folder, configuration), policy };
  };
  const close = async () => {
    await opened?.catch(() => undefined);
    opened = undefined;
    for (const part of parts.splice(0)) await part.close();
  };
  return {
    log: {
      intervalSeconds: configuration.heartbeatMinutes * 60,
      open: async () => {
        leadership?.require();
        opened ??= open().catch((error: unknown) => {
          // Another process may have it for a moment.
          opened = undefined;
          throw error;
        });
        return opened;
      },
    },
    letGo: close,
    close,
  };
}

export function openLogKey(folder: string, { keyFile, passphrase }: LogConfiguration): Promise<Signer> {
  return openWebCryptoSigner({
    path: resolveIn(folder, keyFile),
    passphrase: readSecret(folder, passphrase),
    scheme: "ed25519",
  });
}

/** What customers ask for. A root that asks for no log gets one that anybody may follow, with no quorum. */
async function policyOfRoot(
  context: Pick<ServiceContext, "records" | "tree">,
  log: Pick<OwnLog, "origin" | "signer">,
): Promise<LogPolicy> {
  const { log: demand } = await publishedPolicy(context);
  if (demand !== undefined && demand !== "not-required-unsafe") return parseLogPolicy(demand.policy);
  return parseLogPolicy(`log ${formatVerifierKey(logKey(log))}\nquorum none\n`);
}
