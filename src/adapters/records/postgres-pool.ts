/** Connections to one PostgreSQL, opened when they are needed and kept. */
import { Pool, type PoolClient } from "pg";

export interface PostgresPool {
  connect(): Promise<PoolClient>;
  end(): Promise<void>;
  /** Every connection is closed. */
  closed(): Promise<void>;
}

const ms = { connect: 5_000, statement: 60_000, idle: 60_000 };

export function openPostgresPool(connectionString: string, connectionsMax: number): PostgresPool {
  const pool = new Pool({
    connectionString,
    max: connectionsMax,
    connectionTimeoutMillis: ms.connect,
    idleTimeoutMillis: ms.idle,
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
  return { connect: () => pool.connect(), end, closed: end };
}
