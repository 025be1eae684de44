import { migrationsIn } from "@kilonova/database";

/** Users, projects, roles, tokens, the catalog. */
export const identityMigrations = migrationsIn("identity", new URL("../src/migrations/", import.meta.url));
