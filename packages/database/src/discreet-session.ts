import type { SQL } from "drizzle-orm";
import { NodePgSession, type NodePgTransaction } from "drizzle-orm/node-postgres";
import type { PgDialect, PgTransactionConfig, PreparedQueryConfig } from "drizzle-orm/pg-core";
import { Pool, type PoolClient } from "pg";
import { awayFailure, isAway, queryFailure } from "./query-failure.js";
import { inStatementSpan } from "./statement-span.js";

type NoTables = Record<string, never>;

/** What drizzle sends statements through: whatever fails here, in a transaction as well, says nothing of their values. */
export class DiscreetSession extends NodePgSession<NoTables, NoTables> {
  constructor(
    private readonly connections: Pool | PoolClient,
    private readonly words: PgDialect,
  ) {
    super(connections, words, undefined);
  }

  override prepareQuery<Config extends PreparedQueryConfig = PreparedQueryConfig>(
    ...prepared: Parameters<NodePgSession<NoTables, NoTables>["prepareQuery"]>
  ) {
    const query = super.prepareQuery<Config>(...prepared);
    const execute = query.execute.bind(query);
    const [{ sql }] = prepared;
    query.execute = (values) =>
      inStatementSpan(
        () => sql,
        () => execute(values).catch(refuse),
      );
    return query;
  }

  override all<Row = unknown>(query: SQL): Promise<Row[]> {
    return inStatementSpan(
      () => this.words.sqlToQuery(query).sql,
      () => super.all<Row>(query).catch(refuse),
    );
  }

  /** On a connection of its own, which has a session of this class as well. */
  override async transaction<Value>(
    work: (transaction: NodePgTransaction<NoTables, NoTables>) => Promise<Value>,
    config?: PgTransactionConfig,
  ): Promise<Value> {
    if (!(this.connections instanceof Pool)) return await super.transaction(work, config);
    const client = await this.connections.connect().catch(refuseConnection);
    try {
      return await new DiscreetSession(client, this.words).transaction(work, config);
    } finally {
      client.release();
    }
  }
}

function refuseConnection(thrown: unknown): never {
  throw isAway(thrown) ? awayFailure(thrown) : thrown;
}

function refuse(thrown: unknown): never {
  throw queryFailure(thrown);
}
