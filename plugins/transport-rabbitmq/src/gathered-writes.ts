import { Socket } from "node:net";
import type { Connection } from "rabbitmq-client";

/**
 * What is sent in one turn of the event loop goes to the kernel by one write. The library writes each message at once,
 * and a write costs more than all else that is done for a message.
 *
 * The socket is no part of the library's interface. Where it is not found, nothing is gathered, and nothing else changes.
 */
export class GatheredWrites {
  #isGathering = false;

  constructor(private readonly connection: Connection) {}

  /** Call it before each message. What a lone one waits for is one look at what came in, some microseconds. */
  begin(): void {
    if (this.#isGathering) return;
    const socket: unknown = Reflect.get(this.connection, "_socket");
    if (!(socket instanceof Socket)) return;
    this.#isGathering = true;
    // Counted by the socket: the library corks it as well, around each message and while the broker blocks.
    socket.cork();
    setImmediate(() => {
      this.#isGathering = false;
      socket.uncork();
    });
  }
}
