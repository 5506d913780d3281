/** The endpoint as a library: `import { Updater } from "rulemint/client"`. Bring a store, a fetcher, a codec, a clock and a digest. */
export type {
  EndpointStatus,
  InstalledRelease,
  UpdateEvent,
  UpdateResult,
  UpdaterOptions,
} from "./model.js";
export { version as clientVersion } from "../core/version.js";
export { type InitInput, Updater } from "./updater.js";
