/** The endpoint as a library: `import { Updater } from "rulemint/client"`. Bring a store, a fetcher, a codec, a clock and a digest. */
export type {
  EndpointStatus,
  InstalledRelease,
  UpdateEvent,
  UpdateResult,
  UpdaterOptions,
} from "./model.js";
export { type InitInput, Updater } from "./updater.js";
export { clientVersion } from "./version.js";
