/** Where somebody works from this machine, and as whom: kept by `rulemint login`, used where no address or token is given. */
import type { Progress, Report } from "./doors.js";

export interface LoginOptions {
  readonly server: string;
  /** The name to keep it under; the server's host when absent. */
  readonly context?: string;
  /** False: the address to open is only printed. */
  readonly browser: boolean;
  /** A token of the service itself, instead of a login. */
  readonly tokenFile?: string;
}

export interface UsedContext {
  readonly server: string;
  readonly token: string;
}

export interface ContextDoors {
  login(options: LoginOptions, progress: Progress): Promise<Report>;
  logout(name: string | undefined): Promise<Report>;
  listContexts(): Promise<Report>;
  useContext(name: string): Promise<Report>;
  /** The one in use, with a token that is not over; undefined without one. */
  context(): Promise<UsedContext | undefined>;
}
