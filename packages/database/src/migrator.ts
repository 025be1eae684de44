import type { ClientTls } from "@kilonova/config";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { databaseNameOf, roleOf } from "./address.js";
import { unreachable } from "./connect.js";
import type { Owner } from "./database.js";
import { checksumOf, type Migration, type OwnerMigrations } from "./migration.js";
import { type OwnerStatus, readStatus, throwIfNewer } from "./schema-status.js";

/** One for all Kilonova databases of a server would do; a lock belongs to its database anyway. */
const MIGRATION_LOCK = 0x6b6e6d67;
const CONNECT_TIMEOUT = 10_000;

export interface MigrateOptions {
  /**
   * The password of each owner's role, made by the caller. An owner that is missing gets no role: whoever uses its
   * schema does so as the user of the address.
   */
  readonly rolePasswords?: Readonly<Record<Owner, string>>;
  /** Told of each migration before it runs. */
  readonly onMigration?: (owner: Owner, id: string) => void;
}

/**
 * Brings schemas up to date: under one lock, each migration in a transaction of its own. The address is that of the
 * owner of the database, who may make schemas, and roles where passwords are given.
 */
export class Migrator {
  constructor(
    private readonly url: string,
    private readonly owners: readonly OwnerMigrations[],
    private readonly tls?: ClientTls,
  ) {}

  /**
   * Applies what is missing, and makes schemas and roles. Safe to repeat, and to run twice at the same time.
   *
   * @returns the migrations that ran, as `owner/id`
   * @throws KilonovaError `database.unreachable`; `database.schemaTooNew` where the schema knows migrations that this
   *   release does not
   */
  async migrate(options: MigrateOptions = {}): Promise<readonly string[]> {
    return await this.#connected(async (client) => {
      await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
      await client.query(FOUNDATION);
      for (const status of await readStatus(client, this.owners)) throwIfNewer(status);
      const applied: string[] = [];
      for (const owner of this.owners) applied.push(...(await migrateOwner(client, owner, options)));
      await this.#makeRoles(client, options.rolePasswords ?? {});
      return applied;
    });
  }

  /** What has been applied, what is missing, what is not known here. Changes nothing. */
  async status(): Promise<readonly OwnerStatus[]> {
    return await this.#connected((client) => readStatus(client, this.owners));
  }

  async #makeRoles(client: Client, passwords: Readonly<Record<Owner, string>>): Promise<void> {
    const database = databaseNameOf(this.url);
    for (const { owner } of this.owners) {
      const password = passwords[owner];
      if (password === undefined || owner === "framework") continue;
      await inTransaction(client, () => makeRole(client, { role: roleOf(database, owner), schema: owner, password }));
    }
  }

  async #connected<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({
      connectionString: this.url,
      ...(this.tls ? { ssl: { ...this.tls.settings } } : {}),
      application_name: "kilonova-migrator",
      connectionTimeoutMillis: CONNECT_TIMEOUT,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (cause) {
      throw unreachable(this.url, cause, this.tls);
    }
    try {
      return await use(client);
    } finally {
      // The lock goes with its session.
      await client.end();
    }
  }
}

const FOUNDATION = `
  CREATE SCHEMA IF NOT EXISTS framework;
  CREATE TABLE IF NOT EXISTS framework.migrations (
    owner text NOT NULL,
    id text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, id)
  );
`;

async function migrateOwner(client: Client, owner: OwnerMigrations, options: MigrateOptions): Promise<string[]> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${escapeIdentifier(owner.owner)}`);
  const known = await client.query<{ id: string }>("select id from framework.migrations where owner = $1", [
    owner.owner,
  ]);
  const done = new Set(known.rows.map(({ id }) => id));
  const missing = (await owner.load()).filter(({ id }) => !done.has(id));
  for (const migration of missing) {
    options.onMigration?.(owner.owner, migration.id);
    await apply(client, owner.owner, migration);
  }
  return missing.map(({ id }) => `${owner.owner}/${id}`);
}

async function apply(client: Client, owner: Owner, migration: Migration): Promise<void> {
  try {
    await inTransaction(client, async () => {
      await client.query(migration.sql);
      await client.query("insert into framework.migrations (owner, id, checksum) values ($1, $2, $3)", [
        owner,
        migration.id,
        checksumOf(migration),
      ]);
    });
  } catch (cause) {
    throw new KilonovaError("internal", `Migration ${owner}/${migration.id} failed: ${messageOf(cause)}.`, { cause });
  }
}

/** A role with rights on one schema and on the framework's tables; what was migrated is the framework's word alone. */
async function makeRole(
  client: Client,
  { role, schema, password }: Readonly<Record<"role" | "schema" | "password", string>>,
) {
  const [name, owned] = [escapeIdentifier(role), escapeIdentifier(schema)];
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [role]);
  // Roles take no parameters.
  await client.query(`${rowCount === 0 ? "CREATE" : "ALTER"} ROLE ${name} LOGIN PASSWORD ${escapeLiteral(password)}`);
  await client.query(`
    GRANT USAGE ON SCHEMA ${owned}, framework TO ${name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${owned}, framework TO ${name};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${owned}, framework TO ${name};
    REVOKE INSERT, UPDATE, DELETE ON framework.migrations FROM ${name};
  `);
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}
