export { createTestDatabase, TEST_POSTGRES_SOCKET, type TestDatabase, testDatabase } from "./test-database.js";
export { startThrowAwayPostgres, type ThrowAwayPostgres } from "./throw-away-postgres.js";
