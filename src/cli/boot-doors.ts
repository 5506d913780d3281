/** What an engine's unit tells the endpoint. */
import type { Progress, Report } from "./doors.js";

export interface ClientBootOptions {
  readonly state: string;
  readonly what: "starting" | "ready";
  readonly engine: string;
  readonly triesMax: number;
  readonly afterSeconds: number;
}

export interface BootDoors {
  clientBoot(options: ClientBootOptions, progress: Progress): Promise<Report>;
}
