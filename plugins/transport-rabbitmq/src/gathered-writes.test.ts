import { once } from "node:events";
import { type AddressInfo, connect, createServer, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Connection } from "rabbitmq-client";
import { describe, expect, it } from "vitest";
import { GatheredWrites } from "./gathered-writes.js";
import { testUrl } from "./testing/broker.js";

/** So many messages in a turn that some come closely, however busy the machine is. */
const MANY = 10_000;

function begin(writes: GatheredWrites, messages: number): void {
  for (let message = 0; message < messages; message += 1) writes.begin();
}

describe("messages that are sent in one turn", () => {
  it("are held back until its end, on the socket of the library's connection", async () => {
    const connection = new Connection({ url: testUrl(), noDelay: true });
    try {
      await once(connection, "connection");
      const socket: unknown = Reflect.get(connection, "_socket");
      if (!(socket instanceof Socket)) throw new Error("the library keeps its socket elsewhere: nothing is gathered");
      begin(new GatheredWrites(connection), MANY);
      expect(socket.writableCorked).toBe(1);
      await turn();
      expect(socket.writableCorked).toBe(0);
    } finally {
      await connection.close();
    }
  });

  it("go out before the socket is full: from then on the library would write each at once", async () => {
    const server = createServer((peer) => peer.resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    const writes = new GatheredWrites({ _socket: socket });
    begin(writes, MANY);
    for (let message = 0; message < 100; message += 1) {
      writes.begin();
      socket.write(Buffer.alloc(1_024));
    }
    expect(socket.writableCorked).toBe(1);
    expect(socket.writableNeedDrain).toBe(false);
    socket.destroy();
    server.close();
  });

  it("are sent one by one where there is only one", () => {
    const socket = new Socket();
    begin(new GatheredWrites({ _socket: socket }), 1);
    expect(socket.writableCorked).toBe(0);
  });

  it("are sent one by one again after a turn with only one", async () => {
    const socket = new Socket();
    const writes = new GatheredWrites({ _socket: socket });
    begin(writes, MANY);
    await turn();
    begin(writes, 1);
    expect(socket.writableCorked, "right after many").toBe(1);
    await turn();
    expect(socket.writableCorked).toBe(0);
  });

  it("are sent one by one where the library has no socket to be found", () => {
    expect(() => begin(new GatheredWrites({}), MANY)).not.toThrow();
  });
});
