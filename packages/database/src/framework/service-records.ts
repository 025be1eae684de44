import type { ServiceRecord } from "@kilonova/contracts";
import type { ServiceRecords, ServiceRegistration } from "@kilonova/core";
import { asc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Queryable } from "../database.js";
import { services } from "./tables.js";

const record = {
  ...getTableColumns(services),
  /** Never below 0: a service may report between the start of this statement and the look at its row. */
  silentFor: sql<number | null>`case when ${services.lastSeenAt} is not null
    then greatest(0, floor(extract(epoch from now() - ${services.lastSeenAt}) * 1000))::float8 end`,
};

/** What an operator may set on a service. */
export interface ServiceSettings {
  readonly disabled?: boolean;
  readonly disabledReason?: string | null;
  readonly forcedDown?: boolean;
}

/** Service records in PostgreSQL. */
export class DatabaseServiceRecords implements ServiceRecords {
  constructor(private readonly database: Queryable) {}

  async register(registration: ServiceRegistration): Promise<ServiceRecord> {
    const { topic, contracts } = registration;
    const [made] = await this.database
      .insert(services)
      .values({ ...registration, contracts: { ...contracts } })
      .onConflictDoUpdate({
        target: [services.binary, services.host],
        set: { topic, contracts: { ...contracts }, updatedAt: sql`now()` },
      })
      .returning(record);
    if (!made) throw new TypeError("a row that was written must come back");
    return made;
  }

  async report(id: string): Promise<boolean> {
    const { rowCount } = await this.database
      .update(services)
      .set({ lastSeenAt: sql`now()` })
      .where(eq(sql`${services.id}::text`, id));
    return rowCount === 1;
  }

  async remove(id: string): Promise<void> {
    await this.database.delete(services).where(eq(sql`${services.id}::text`, id));
  }

  async list(topic: string | null): Promise<readonly ServiceRecord[]> {
    return await this.database
      .select(record)
      .from(services)
      .where(topic === null ? undefined : eq(services.topic, topic))
      .orderBy(asc(services.binary), asc(services.host));
  }

  async find(id: string): Promise<ServiceRecord | undefined> {
    const [found] = await this.database
      .select(record)
      .from(services)
      .where(eq(sql`${services.id}::text`, id));
    return found;
  }

  /** Changes what an operator sets; undefined where there is no such service. */
  async update(id: string, settings: ServiceSettings): Promise<ServiceRecord | undefined> {
    const [updated] = await this.database
      .update(services)
      .set({ ...settings, updatedAt: sql`now()` })
      .where(eq(sql`${services.id}::text`, id))
      .returning(record);
    return updated;
  }
}
