import { KilonovaError } from "@kilonova/messaging";
import type { ClientBase, Pool } from "pg";
import type { Database, Owner } from "./database.js";
import { checksumOf, type OwnerMigrations } from "./migration.js";

/** How an owner's schema compares with what this release has. */
export interface OwnerStatus {
  readonly owner: Owner;
  readonly applied: readonly string[];
  /** In this release, not in the schema. */
  readonly missing: readonly string[];
  /** In the schema, not in this release. */
  readonly unknown: readonly string[];
  /** In both, with other text. */
  readonly changed: readonly string[];
}

/**
 * Refuses to work on a schema that this release was not written for. Called by every process before its services start.
 *
 * @throws KilonovaError `database.schemaTooOld` or `database.schemaTooNew`, saying what to do
 */
export async function checkSchema(database: Database, owners: readonly OwnerMigrations[]): Promise<void> {
  for (const status of await readStatus(database.$client, owners)) {
    throwIfNewer(status);
    throwIfOlder(status);
  }
}

/** @throws KilonovaError `database.schemaTooNew` */
export function throwIfNewer({ owner, unknown, changed }: OwnerStatus): void {
  const [id] = [...unknown, ...changed];
  if (id === undefined) return;
  throw new KilonovaError(
    "database.schemaTooNew",
    `The schema of ${owner} was made by another release: its migration ${id} is ${unknown.length > 0 ? "unknown" : "another"} here. Run the release that made it, or a newer one.`,
    { details: { owner, unknown, changed } },
  );
}

function throwIfOlder({ owner, missing }: OwnerStatus): void {
  const [id] = missing;
  if (id === undefined) return;
  throw new KilonovaError(
    "database.schemaTooOld",
    `The schema of ${owner} is older than this release: it lacks ${id}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""}. Run \`kilonova db migrate\`.`,
    { details: { owner, missing } },
  );
}

/** Compares; a database that was never migrated has nothing. */
export async function readStatus(
  client: ClientBase | Pool,
  owners: readonly OwnerMigrations[],
): Promise<OwnerStatus[]> {
  const applied = await readApplied(client);
  return await Promise.all(owners.map((owner) => statusOf(owner, applied.get(owner.owner) ?? new Map())));
}

async function statusOf(owner: OwnerMigrations, applied: ReadonlyMap<string, string>): Promise<OwnerStatus> {
  const known = new Map((await owner.load()).map((migration) => [migration.id, checksumOf(migration)]));
  const done = [...applied.keys()].sort();
  return {
    owner: owner.owner,
    applied: done,
    missing: [...known.keys()].filter((id) => !applied.has(id)),
    unknown: done.filter((id) => !known.has(id)),
    changed: done.filter((id) => known.has(id) && known.get(id) !== applied.get(id)),
  };
}

/** Checksums by owner and id. */
async function readApplied(client: ClientBase | Pool): Promise<ReadonlyMap<Owner, ReadonlyMap<string, string>>> {
  const byOwner = new Map<Owner, Map<string, string>>();
  const { rows: found } = await client.query<{ table: string | null }>(
    "select to_regclass('framework.migrations') as table",
  );
  if (found[0]?.table === null) return byOwner;
  const { rows } = await client.query<{ owner: string; id: string; checksum: string }>(
    "select owner, id, checksum from framework.migrations",
  );
  for (const { owner, id, checksum } of rows) {
    byOwner.set(owner, (byOwner.get(owner) ?? new Map<string, string>()).set(id, checksum));
  }
  return byOwner;
}
