/** Connections to one PostgreSQL, opened when they are needed and kept. */
import { Pool, type PoolClient } from "pg";

export interface PostgresPool {
  connect(): Promise<PoolClient>;
  /** Opens all that there may be, as far as the server lets it. */
  fill(): Promise<void>;
  end(): Promise<void>;
  /** Every connection is closed. */
  closed(): Promise<void>;
}

const ms = { connect: 5_000, statement: 60_000, idle: 60_000 };

/** @param keeps connections are not closed when they have been idle for a while */
export function openPostgresPool(
  connectionString: string,
  connectionsMax: number,
  keeps = false,
): PostgresPool {
  const pool = new Pool({
    connectionString,
    max: connectionsMax,
    connectionTimeoutMillis: ms.connect,
    idleTimeoutMillis: keeps ? 0 : ms.idle,
    statement_timeout: ms.statement,
    idle_in_transaction_session_timeout: ms.statement,
    keepAlive: true,
    application_name: "rulemint",
  });
  // A connection that breaks while nobody uses it is dropped by the pool; whoever comes next gets another. One that breaks
  // between two statements of a transaction fails the next of them. Neither may end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  let ended: Promise<void> | undefined;
  const end = () => (ended ??= pool.end());
  const fill = async () => {
    const opened = await Promise.allSettled(Array.from({ length: connectionsMax }, () => pool.connect()));
    for (const one of opened) if (one.status === "fulfilled") one.value.release();
  };
  return { connect: () => pool.connect(), fill, end, closed: end };
}
