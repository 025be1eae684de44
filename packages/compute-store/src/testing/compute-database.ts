import { connectDatabase, type Database, frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { computeMigrations } from "../migrations.js";

/** A database of one test file's own with the schemas `framework` and `compute`. */
export interface ComputeDatabase {
  readonly database: Database;
  /** Ends its connections and removes it. */
  drop(): Promise<void>;
}

/** Makes one on the PostgreSQL of the test run. */
export async function computeDatabase(): Promise<ComputeDatabase> {
  const { url, drop } = await testDatabase();
  await new Migrator(url, [frameworkMigrations, computeMigrations]).migrate();
  const database = await connectDatabase({
    url,
    applicationName: "compute-store-test",
    poolSize: 10,
    connectTimeout: 10_000,
    statementTimeout: 20_000,
  });
  return {
    database,
    drop: async () => {
      await database.$client.end();
      await drop();
    },
  };
}
