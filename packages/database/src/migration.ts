import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { Owner } from "./database.js";

/** A step of a schema. It runs once, in a transaction of its own, and is never edited after a release. */
export interface Migration {
  /** `0001-servers`: the file's name. They run in the order of their ids. */
  readonly id: string;
  readonly sql: string;
}

/** All migrations of an owner, in order. */
export interface OwnerMigrations {
  readonly owner: Owner;
  load(): Promise<readonly Migration[]>;
}

const FILE = /^(\d{4}-[a-z0-9-]+)\.sql$/;

/**
 * The migrations in a folder of numbered .sql files. Sources and `dist` lie at the same depth, so that one relative
 * address is right for both; the package's `files` name the folder.
 *
 * @example
 * export const exampleMigrations = migrationsIn("example", new URL("../src/migrations/", import.meta.url));
 */
export function migrationsIn(owner: Owner, folder: URL): OwnerMigrations {
  return {
    owner,
    load: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
      return await Promise.all(names.map((name) => read(folder, name)));
    },
  };
}

/** What tells whether a migration that was applied is still the same. */
export function checksumOf(migration: Migration): string {
  return createHash("sha256").update(migration.sql).digest("hex");
}

async function read(folder: URL, name: string): Promise<Migration> {
  const [, id] = FILE.exec(name) ?? [];
  if (id === undefined) throw new TypeError(`${name}: a migration's file is named like 0001-servers.sql`);
  return { id, sql: await readFile(new URL(name, folder), "utf8") };
}
