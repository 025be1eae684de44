import { migrationsIn } from "@kilonova/database";

/** Placement's tables. */
export const placementMigrations = migrationsIn("placement", new URL("../src/migrations/", import.meta.url));
