import type { DriverState, DriverValue } from "@kilonova/plugin-api";
import { and, eq, sql } from "drizzle-orm";
import type { Queryable } from "../database.js";
import { driverState } from "./tables.js";

const MAX_BYTES = 16 * 1024;

/** What drivers remember on one host, in PostgreSQL. */
export class DatabaseDriverState implements DriverState {
  constructor(
    private readonly database: Queryable,
    private readonly host: string,
  ) {}

  async read(driver: string, key: string): Promise<DriverValue | undefined> {
    const [found] = await this.database
      .select({ value: driverState.value, version: driverState.version })
      .from(driverState)
      .where(this.#at(driver, key));
    return found;
  }

  /** @throws TypeError for what is no JSON, or too long */
  async write(driver: string, key: string, value: unknown, version: number): Promise<number | undefined> {
    const json = jsonOf(value);
    const [written] =
      version === 0 ? await this.#insert(driver, key, json) : await this.#update(driver, key, json, version);
    return written?.version;
  }

  #insert(driver: string, key: string, value: ReturnType<typeof jsonOf>) {
    return this.database
      .insert(driverState)
      .values({ driver, host: this.host, key, value, version: 1 })
      .onConflictDoNothing()
      .returning({ version: driverState.version });
  }

  #update(driver: string, key: string, value: ReturnType<typeof jsonOf>, version: number) {
    return this.database
      .update(driverState)
      .set({ value, version: version + 1 })
      .where(and(this.#at(driver, key), eq(driverState.version, version)))
      .returning({ version: driverState.version });
  }

  #at(driver: string, key: string) {
    return and(eq(driverState.driver, driver), eq(driverState.host, this.host), eq(driverState.key, key));
  }
}

/** As SQL, because drizzle would make SQL's null of JSON's. */
function jsonOf(value: unknown) {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError("a driver's value must be JSON");
  if (Buffer.byteLength(json) > MAX_BYTES) throw new TypeError(`a driver's value may have ${MAX_BYTES} bytes at most`);
  return sql`${json}::jsonb`;
}
