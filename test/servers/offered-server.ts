import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** A server that runs for the tests. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Offers one server to a whole test run, started when the first test asks: a variable of the environment names a socket,
 * and whoever connects to it reads the server's address, or the words why there is none. A run that asks for none pays
 * nothing.
 *
 * @returns what ends the offer, and the server with it
 */
export async function offerServer(variable: string, start: () => Promise<RunningServer>): Promise<() => Promise<void>> {
  // Every project of a run comes here, the first provides for all.
  if (process.env[variable] !== undefined) return async () => undefined;
  const folder = await mkdtemp(join(tmpdir(), "kilonova-test-"));
  const path = join(folder, "server");
  let started: Promise<RunningServer> | undefined;

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
  process.env[variable] = path;

  return async () => {
    await new Promise<void>((done) => offer.close(() => done()));
    delete process.env[variable];
    const server = await started?.catch(() => undefined);
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** The address of a server that the run offers. @throws with the words of the server that did not start */
export async function offeredServer(variable: string, protocol: string): Promise<string> {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run through the repository's vitest.config.ts`);
  const answer = await text(createConnection({ path }));
  if (answer.startsWith(protocol)) return answer;
  throw new Error(`The server that this test asks for did not start: ${answer}`);
}
