/** What a person says of an endpoint that follows its publisher. */
export interface ClientWatchOptions {
  readonly state: string;
  /** The longest between two polls while all is well. */
  readonly intervalSeconds: number;
  readonly splaySeconds: number;
  /** Path of the metrics for Prometheus. */
  readonly textfile?: string;
}
