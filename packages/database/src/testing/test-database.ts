import { randomBytes } from "node:crypto";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import { Client, escapeIdentifier } from "pg";

/** The environment variable with the socket at which a test run hands out the address of its PostgreSQL. */
export const TEST_POSTGRES_SOCKET = "KILONOVA_TEST_POSTGRES_SOCKET";

/** A database of one test's own. Roles are shared by all databases of the run: give them names of one's own. */
export interface TestDatabase {
  readonly name: string;
  /** The superuser's address of it. */
  readonly url: string;
  /** Removes it, whoever is connected. */
  drop(): Promise<void>;
}

/**
 * A fresh, empty database on the one PostgreSQL of this test run, which starts when the first test asks.
 * The run must have `test/servers/postgres.global-setup.ts` among vitest's `globalSetup`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const socket = process.env[TEST_POSTGRES_SOCKET];
  if (socket === undefined) {
    throw new Error(`${TEST_POSTGRES_SOCKET} is not set: run through the repository's vitest.config.ts`);
  }
  return await createTestDatabase(await askForUrl(socket));
}

/** Makes a database on the server with that address. */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await execute(serverUrl, `create database ${escapeIdentifier(name)} template template0 strategy file_copy`);
  return {
    name,
    url: serverUrl.replace(/\/[^/]*$/, `/${name}`),
    drop: () => execute(serverUrl, `drop database if exists ${escapeIdentifier(name)} with (force)`),
  };
}

async function askForUrl(path: string): Promise<string> {
  const answer = await text(createConnection({ path }));
  if (!answer.startsWith("postgresql://")) throw new Error(`The PostgreSQL of this test run did not start: ${answer}`);
  return answer;
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
