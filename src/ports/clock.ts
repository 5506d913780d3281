/** The time, asked for once per decision and passed on. */
export interface Clock {
  now(): Date;
}
