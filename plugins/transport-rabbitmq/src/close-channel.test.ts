import { Socket } from "node:net";
import { Connection } from "rabbitmq-client";
import { afterEach, beforeEach, describe, it } from "vitest";
import { closeChannel } from "./close-channel.js";
import { testUrl } from "./testing/broker.js";

/** Bytes, more than a socket takes before it is written to the network. */
const MUCH = 1_000_000;

describe("a channel that is closed", () => {
  let connection: Connection;

  beforeEach(() => {
    connection = new Connection({ url: testUrl(), noDelay: true });
  });
  afterEach(() => connection.unsafeDestroy());

  it("is gone", async () => {
    const channel = await connection.acquire();
    await closeChannel(channel);
    await closeChannel(channel);
    await connection.close();
  });

  it("is gone with its connection, though a message was still to be sent", async () => {
    const channel = await connection.acquire();
    const socket: unknown = Reflect.get(connection, "_socket");
    if (!(socket instanceof Socket))
      throw new Error("the library keeps its socket elsewhere: nothing can be held back");
    socket.cork();
    channel.basicPublish({ routingKey: "nobody" }, Buffer.alloc(MUCH)).catch(() => {});
    const closing = closeChannel(channel);
    connection.unsafeDestroy();
    await closing;
  });
});
