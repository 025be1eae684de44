import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ThrowAwayPostgres } from "@kilonova/database/testing";

const SOCKET = "KILONOVA_TEST_POSTGRES_SOCKET";

/**
 * One PostgreSQL for a whole test run, started when the first test asks for a database: `testDatabase()` connects to a
 * socket and reads the server's address, or the words why there is none. A run that asks for none pays nothing.
 */
export async function setup(): Promise<() => Promise<void>> {
  // Every project of a run comes here, the first provides for all.
  if (process.env[SOCKET] !== undefined) return async () => undefined;
  const folder = await mkdtemp(join(tmpdir(), "kilonova-test-"));
  const path = join(folder, "postgres");
  let started: Promise<ThrowAwayPostgres> | undefined;

  const answer = async (socket: Socket) => {
    socket.on("error", () => undefined);
    try {
      started ??= start();
      socket.end((await started).url);
    } catch (error) {
      socket.end(String(error));
    }
  };
  const offer = createServer((socket) => void answer(socket));
  await new Promise<void>((done, fail) => offer.once("error", fail).listen(path, done));
  process.env[SOCKET] = path;

  return async () => {
    await new Promise<void>((done) => offer.close(() => done()));
    delete process.env[SOCKET];
    const server = await started?.catch(() => undefined);
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** Loaded when it is needed: packages below the database are tested before it is built. */
async function start(): Promise<ThrowAwayPostgres> {
  const { startThrowAwayPostgres } = await import("@kilonova/database/testing");
  return await startThrowAwayPostgres();
}
