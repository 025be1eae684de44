import { randomBytes } from "node:crypto";
import type { Database } from "@kilonova/database";
import { desc } from "drizzle-orm";
import { FERNET_KEY_BYTES } from "./fernet.js";
import { tokenKeys } from "./tables.js";

/** The keys of tokens: in the database, so that every process reads what another made. */
export class TokenKeys {
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
      .insert(tokenKeys)
      .values({ id: 1, key: randomBytes(FERNET_KEY_BYTES) })
      .onConflictDoNothing();
    const rows = await this.database.select().from(tokenKeys).orderBy(desc(tokenKeys.id));
    return rows.map(({ key }) => key);
  }
}
