import { offerServer } from "./offered-server.js";

/** One PostgreSQL for a whole test run: `testDatabase()` asks for its address. */
export function setup(): Promise<() => Promise<void>> {
  return offerServer("KILONOVA_TEST_POSTGRES_SOCKET", async () => {
    // Loaded when it is needed: packages below the database are tested before it is built.
    const { startThrowAwayPostgres } = await import("@kilonova/database/testing");
    return startThrowAwayPostgres();
  });
}
