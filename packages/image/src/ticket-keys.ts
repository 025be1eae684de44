import { randomBytes } from "node:crypto";
import type { Database } from "@kilonova/database";
import { desc } from "drizzle-orm";
import { ticketKeys } from "./tables.js";

const KEY_BYTES = 32;

/** The keys of tickets: in the database, so that one process honours what another issued. */
export class TicketKeys {
  #keys: Promise<readonly Buffer[]> | undefined;

  constructor(private readonly database: Database) {}

  /** Newest first; the first is made when none is there. */
  async all(): Promise<readonly Buffer[]> {
    this.#keys ??= this.#load();
    try {
      return await this.#keys;
    } catch (error) {
      this.#keys = undefined;
      throw error;
    }
  }

  async #load(): Promise<readonly Buffer[]> {
    await this.database
      .insert(ticketKeys)
      .values({ id: 1, key: randomBytes(KEY_BYTES) })
      .onConflictDoNothing();
    const rows = await this.database.select().from(ticketKeys).orderBy(desc(ticketKeys.id));
    return rows.map(({ key }) => key);
  }
}
