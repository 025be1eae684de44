import { migrationsIn } from "@kilonova/database";

/** The schema of servers and operations, and of the api's own tables. */
export const computeMigrations = migrationsIn("compute", new URL("../src/migrations/", import.meta.url));
