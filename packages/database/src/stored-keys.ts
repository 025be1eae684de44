import { randomBytes } from "node:crypto";
import { desc } from "drizzle-orm";
import { customType, integer, type PgSchema } from "drizzle-orm/pg-core";
import type { Database } from "./database.js";

const bytes = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** A table of secret keys in an owner's schema; its migration makes it. */
export function keyTable(schema: PgSchema, name: string) {
  return schema.table(name, { id: integer().primaryKey(), key: bytes().notNull() });
}

/** The keys of an owner: in the database, so that one process honours what another has signed. */
export class StoredKeys {
  #keys: Promise<readonly Buffer[]> | undefined;

  /** @param length bytes of a key that is made */
  constructor(
    private readonly database: Database,
    private readonly table: ReturnType<typeof keyTable>,
    private readonly length: number,
  ) {}

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
      .insert(this.table)
      .values({ id: 1, key: randomBytes(this.length) })
      .onConflictDoNothing();
    const rows = await this.database.select().from(this.table).orderBy(desc(this.table.id));
    return rows.map(({ key }) => key);
  }
}
