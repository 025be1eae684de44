import { loadConfiguration, postgresTls } from "@kilonova/config";
import { checkDeclaredOptions, watchedCommand } from "@kilonova/core";
import { databaseOptions, frameworkMigrations, Migrator, type OwnerStatus } from "@kilonova/database";
import { databaseUrl } from "./database-url.js";
import { IN_BOX_GROUPS } from "./in-box.js";
import { declareInstalledPlugins } from "./installed-plugins.js";
import { OWNERS } from "./owners.js";

/** Where the database of a cloud is told. */
export interface MigrateSettings {
  readonly argv?: readonly string[];
  readonly onProgress?: (message: string) => void;
}

/** A migration of a schema, and whether the database has it. */
export interface MigrationRow {
  readonly owner: string;
  readonly id: string;
  readonly state: "applied" | "missing" | "unknown" | "changed";
}

/** `kilonova db migrate`. @returns how many migrations were applied */
export async function migrateDatabase(settings: MigrateSettings = {}): Promise<number> {
  const { url, tls, rolePasswords } = await databaseSettings(settings);
  const applied = await new Migrator(url, [frameworkMigrations, ...OWNERS], tls).migrate({
    rolePasswords,
    onMigration: (owner, id) => settings.onProgress?.(`schema ${owner}: ${id}`),
  });
  return applied.length;
}

/** `kilonova db status` */
export async function migrationStatus(settings: MigrateSettings = {}): Promise<readonly MigrationRow[]> {
  const { url, tls } = await databaseSettings(settings);
  const statuses = await new Migrator(url, [frameworkMigrations, ...OWNERS], tls).status();
  return statuses.flatMap(rowsOf);
}

function rowsOf({ owner, applied, missing, unknown, changed }: OwnerStatus): readonly MigrationRow[] {
  const stateOf = (id: string) => (unknown.includes(id) ? "unknown" : changed.includes(id) ? "changed" : "applied");
  return [
    ...applied.map((id) => ({ owner, id, state: stateOf(id) }) as const),
    ...missing.map((id) => ({ owner, id, state: "missing" }) as const),
  ];
}

async function databaseSettings({ argv }: MigrateSettings) {
  const configuration = await loadConfiguration({
    program: "kilonova",
    groups: IN_BOX_GROUPS,
    ...(argv ? { argv } : {}),
  });
  await watchedCommand("kilonova", () => declareInstalledPlugins(configuration));
  // Services of one's own may share the file: their groups are not known here.
  checkDeclaredOptions(configuration);
  const options = configuration.get(databaseOptions);
  return {
    ...postgresTls("database", databaseUrl(configuration, "kilonova db"), options),
    rolePasswords: options.rolePasswords,
  };
}
