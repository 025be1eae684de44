import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "rabbitmq-client";

const QUEUE = "kilonova-tests.cloud";
const RETRY = 500;

/**
 * Holds a broker for one cloud: queues have the same names in every cloud, and tests run at the same time. An exclusive
 * queue is the lock: the broker gives it up with the connection of whoever held it, however that ended.
 *
 * @returns a function that lets go
 */
export async function holdBroker(url: string): Promise<() => Promise<void>> {
  const connection = new Connection(url);
  connection.on("error", () => {});
  for (;;) {
    const channel = await connection.acquire();
    channel.on("error", () => {});
    try {
      await channel.queueDeclare({ queue: QUEUE, exclusive: true });
      return async () => {
        // A connection waits for its channels before it closes.
        await channel.close();
        await connection.close();
      };
    } catch (error) {
      if (!isLocked(error)) throw error;
    }
    await sleep(RETRY);
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "RESOURCE_LOCKED";
}
