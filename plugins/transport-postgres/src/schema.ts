import { KilonovaError } from "@kilonova/messaging";
import type { Client } from "pg";
import { LOCK_CLASS, SCHEMA_LOCK, SCHEMA_TEXT, SCHEMA_VERSION } from "./schema-text.js";

/**
 * Sees to it that the schema is there, and is the one that this release knows; makes it where it is missing.
 *
 * @throws KilonovaError `transport.refused` for one of another version; what PostgreSQL says where it may not be made
 */
export async function ensureSchema(client: Client): Promise<void> {
  if (!(await isThere(client))) await make(client);
  const { rows } = await client.query<{ version: number }>("select version from messaging.schema_version");
  const version = rows[0]?.version;
  if (version === SCHEMA_VERSION) return;
  throw new KilonovaError(
    "transport.refused",
    `The schema "messaging" has version ${version}, this release needs ${SCHEMA_VERSION}: run the release that made it.`,
  );
}

async function make(client: Client): Promise<void> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1, $2)", [LOCK_CLASS, SCHEMA_LOCK]);
    if (!(await isThere(client))) await client.query(SCHEMA_TEXT);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function isThere(client: Client): Promise<boolean> {
  // Read as rows: a name looked up within a transaction may be answered from a cache that is older than the lock.
  const { rows } = await client.query(
    "select from pg_class where relname = 'schema_version' and relnamespace in (select oid from pg_namespace where nspname = 'messaging')",
  );
  return rows.length > 0;
}
