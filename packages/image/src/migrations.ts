import { migrationsIn } from "@kilonova/database";

/** Images, what is to be removed of their bytes, the key of tickets. */
export const imageMigrations = migrationsIn("image", new URL("../src/migrations/", import.meta.url));
