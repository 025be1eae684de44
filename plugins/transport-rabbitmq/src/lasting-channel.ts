import type { Channel, Connection } from "rabbitmq-client";
import { closeChannel } from "./close-channel.js";
import { GatheredWrites } from "./gathered-writes.js";

/** A channel that is made anew, when next wanted, after it was lost. */
export class LastingChannel {
  /** To be told of each message before it is sent. */
  readonly writes: GatheredWrites;
  #opening: Promise<Channel> | undefined;
  #current: Channel | undefined;
  #closed = false;

  /**
   * @param prepare declares and consumes on each new channel before anybody gets it
   * @param onLost told when a channel that was in use is gone
   */
  constructor(
    private readonly connection: Connection,
    private readonly prepare: (channel: Channel) => Promise<void>,
    private readonly onLost: () => void = () => {},
  ) {
    this.writes = new GatheredWrites(connection);
  }

  /** The channel that is there now, if one is. */
  get current(): Channel | undefined {
    return this.#current?.active ? this.#current : undefined;
  }

  /** Waits for a lost connection to come back, within the connection's `acquireTimeout`. */
  open(): Promise<Channel> {
    if (!this.#opening) {
      const opening = this.#make();
      this.#opening = opening;
      opening.catch(() => this.#forget(opening));
    }
    return this.#opening;
  }

  /** Lets the channel go for good. What was not acknowledged on it goes back to its queue. */
  async close(): Promise<void> {
    this.#closed = true;
    const channel = await this.#opening?.catch(() => undefined);
    if (channel) await closeChannel(channel);
  }

  async #make(): Promise<Channel> {
    const channel = await this.connection.acquire({ emitErrorsFromChannel: true });
    let inUse = false;
    // What breaks a channel also closes it.
    channel.on("error", () => {});
    channel.once("close", () => {
      if (!inUse) return;
      this.#opening = undefined;
      if (!this.#closed) this.onLost();
    });
    try {
      await this.prepare(channel);
      if (!channel.active) throw new Error("the channel was closed while it was prepared");
    } catch (error) {
      await closeChannel(channel);
      throw error;
    }
    inUse = true;
    this.#current = channel;
    return channel;
  }

  #forget(opening: Promise<Channel>): void {
    if (this.#opening === opening) this.#opening = undefined;
  }
}
