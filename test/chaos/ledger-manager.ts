import { type Database, databaseOf, txOf } from "@kilonova/database";
import type { Args, Handlers, RequestContext } from "@kilonova/messaging";
import { inboxOf, inject, Manager, manager, rpcMethod } from "@kilonova/plugin-api";
import { sql } from "drizzle-orm";
import { ledgerContract } from "./ledger-contract.js";

type Contract = typeof ledgerContract;

/** Writes what it is told into a table that would take it twice. */
@manager(ledgerContract)
export class LedgerManager extends Manager implements Handlers<Contract> {
  constructor(@inject(databaseOf("ledger")) private readonly database: Database) {
    super();
  }

  @rpcMethod({ inbox: inboxOf("ledger") })
  async enter(context: RequestContext, { entry }: Args<Contract, "enter">): Promise<void> {
    await txOf(context).execute(sql`INSERT INTO ledger.entries (entry) VALUES (${entry})`);
  }

  @rpcMethod()
  async add(_context: RequestContext, { a, b }: Args<Contract, "add">): Promise<number> {
    const { rows } = await this.database.execute<{ sum: number }>(sql`SELECT ${a}::int + ${b}::int AS sum`);
    return rows[0]?.sum ?? Number.NaN;
  }
}
