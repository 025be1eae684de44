import { type Configuration, postgresTls } from "@kilonova/config";
import type { FrameworkState, Runtime } from "@kilonova/core";
import { serviceOptions } from "@kilonova/core";
import {
  addressOfOwner,
  checkSchema,
  connectDatabase,
  type Database,
  DatabaseDriverState,
  DatabaseLocks,
  DatabaseServiceRecords,
  databaseOf,
  databaseOptions,
  frameworkMigrations,
  type Owner,
  type OwnerMigrations,
} from "@kilonova/database";
import { KilonovaError, messageOf } from "@kilonova/messaging";

/** A process's way to its database: a pool for each owner whose tables its services have. */
export class DatabaseAccess {
  readonly #pools = new Map<Owner, Database>();
  #isClosing = false;

  private constructor(private readonly configuration: Configuration) {}

  /**
   * Opens the pools and sees that the schemas are of this release.
   *
   * @throws KilonovaError `database.unreachable`, `database.schemaTooOld`, `database.schemaTooNew`; ConfigurationError for
   *   files of TLS
   */
  static async open(configuration: Configuration, owners: readonly OwnerMigrations[]): Promise<DatabaseAccess> {
    const access = new DatabaseAccess(configuration);
    try {
      for (const { owner } of [frameworkMigrations, ...owners]) await access.#connect(owner);
      await checkSchema(access.of("framework"), [frameworkMigrations, ...owners]);
      return access;
    } catch (error) {
      await access.close();
      throw error;
    }
  }

  /** @throws KilonovaError `internal` for an owner whose pool is not open */
  of(owner: Owner): Database {
    const database = this.#pools.get(owner);
    if (!database) throw new KilonovaError("internal", `The database of ${owner} is not open here.`);
    return database;
  }

  /** Lets services ask for the databases that are open, and whoever watches over the process whether there is one. */
  register(runtime: Runtime): void {
    const framework = this.of("framework");
    runtime.health.needs("database", async () => void (await framework.$client.query("select 1")));
    for (const [owner, database] of this.#pools) runtime.container.register(databaseOf(owner), database);
  }

  /** The framework's state, kept in the database. */
  frameworkState(): FrameworkState {
    const database = this.of("framework");
    const { host } = this.configuration.get(serviceOptions);
    return {
      serviceRecords: new DatabaseServiceRecords(database),
      locks: new DatabaseLocks(database),
      driverState: new DatabaseDriverState(database, host),
      ready: async () => {},
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#pools.values()].map((database) => database.$client.end()));
    this.#pools.clear();
  }

  async #connect(owner: Owner): Promise<void> {
    const options = this.configuration.get(databaseOptions);
    const { rolePasswords, poolSize, connectTimeout, statementTimeout } = options;
    if (options.url === undefined) throw new KilonovaError("database.unreachable", "Option database.url is not set.");
    const { url, tls } = postgresTls("database", options.url, options);
    const database = await connectDatabase({
      url: addressOfOwner(url, owner, rolePasswords[owner]),
      tls,
      applicationName: `kilonova-${owner}`,
      poolSize,
      connectTimeout,
      statementTimeout,
      // A server that is stopped right after cuts the connections that are still taking leave.
      onBroken: (error) => {
        if (!this.#isClosing)
          process.emitWarning(`a connection to the database of ${owner} broke: ${messageOf(error)}`);
      },
    });
    this.#pools.set(owner, database);
  }
}
