/** What the commands about an endpoint's own reports need from the rest of the program. */
import type { Progress, Report } from "./doors.js";

export interface ClientReportOptions {
  readonly state: string;
  /** Print the requests; send nothing. */
  readonly show: boolean;
  /** Wait until each report is due, and send it. */
  readonly send: boolean;
  /** To show what would be sent, before anything is chosen. */
  readonly region?: string;
  readonly url?: string;
}

export interface ReportDoors {
  clientReport(options: ClientReportOptions, progress: Progress): Promise<Report>;
}
