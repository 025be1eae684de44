import { migrationsIn } from "@kilonova/database";

/** The network service's tables. */
export const networkMigrations = migrationsIn("network", new URL("../src/migrations/", import.meta.url));
