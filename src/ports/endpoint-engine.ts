/** The engine that reads an endpoint's exported files, as its owner runs it. */
export interface EngineCommand {
  /** A line for the system's shell: its owner's own, never a publisher's. */
  readonly command: string;
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Of the time in which this process ran: one that was frozen, or stopped for a while, has given its engine none. */
  readonly timeoutMs: number;
  /** Kills it at once, with everything that it started. */
  readonly signal?: AbortSignal;
}

export interface EngineAnswer {
  /**
   * `late`: killed at its time limit, with everything that it started; `died`: by a signal; `stopped`: by one that somebody ends programs
   * with, who may be ending us as well; `absent`: there is no such program.
   */
  readonly exit: number | "late" | "died" | "stopped" | "absent";
  /** The end of what it printed. */
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that fails is an answer, never an error; when it resolves, nothing that it started in its group runs any more. */
export interface EndpointEngine {
  run(command: EngineCommand): Promise<EngineAnswer>;
  /** Whether a line of the lists below `folder` is this value, bit for bit: how indicators match without an engine. */
  isListed(folder: string, value: string): Promise<boolean>;
}
