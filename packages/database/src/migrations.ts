import { migrationsIn } from "./migration.js";

/** The framework's own tables: service records, locks, what drivers remember. */
export const frameworkMigrations = migrationsIn("framework", new URL("../src/migrations/", import.meta.url));
