import { Socket } from "node:net";

/** Milliseconds. Messages that follow each other so closely are gathered. */
const CLOSE = 0.1;

/**
 * What is sent in one turn of the event loop goes to the kernel by one write. The library writes each message at once,
 * and a write costs more than all else that is done for a message.
 *
 * A lone message is not held back, and costs no further turn: only where they come closely does one wait for the end of
 * its turn.
 *
 * The socket is no part of the library's interface. Where it is not found, nothing is gathered, and nothing else changes.
 */
export class GatheredWrites {
  #lastAt = 0;
  #inThisTurn = 0;
  #wasBusy = false;
  #corked: Socket | undefined;

  /** @param connection one of the library's */
  constructor(private readonly connection: object) {}

  /** Call it before each message. */
  begin(): void {
    this.#inThisTurn += 1;
    if (this.#corked) this.#makeRoom(this.#corked);
    else this.#gatherWhereClose();
  }

  #gatherWhereClose(): void {
    const now = performance.now();
    const isClose = now - this.#lastAt < CLOSE;
    this.#lastAt = now;
    if (this.#wasBusy || isClose) this.#gather();
  }

  #gather(): void {
    const socket: unknown = Reflect.get(this.connection, "_socket");
    if (!(socket instanceof Socket)) return;
    // Counted by the socket: the library corks it as well, around each message and while the broker blocks.
    socket.cork();
    this.#corked = socket;
    this.#inThisTurn = 1;
    setImmediate(this.#endTurn);
  }

  /** What a socket has no room for, the library writes later, each message at once. So what is gathered goes out before. */
  #makeRoom(socket: Socket): void {
    if (socket.writableLength < socket.writableHighWaterMark / 2) return;
    socket.uncork();
    socket.cork();
  }

  #endTurn = (): void => {
    this.#corked?.uncork();
    this.#corked = undefined;
    this.#wasBusy = this.#inThisTurn > 1;
  };
}
