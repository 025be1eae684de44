import { createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RabbitMqServer, startRabbitMq } from "../servers/rabbitmq.mjs";

describe("a throw-away RabbitMQ", () => {
  let broker: RabbitMqServer;
  let other: Server | undefined;

  beforeAll(async () => {
    broker = await startRabbitMq();
  });
  afterEach(() => other?.close());
  afterAll(() => broker?.stop());

  it("ends when it is told to, though who watches over it was killed", async () => {
    const [one] = broker.pids;
    await broker.shell(`kill -9 $(ps -o ppid= -p ${one})`);
    await broker.kill();
    await broker.start();
    await broker.shell("rabbitmqctl await_startup");
  });

  it("is not taken for another that got its port meanwhile: it ends, and says that it can't start again", async () => {
    await broker.kill();
    const methodFrame = Buffer.from([1]);
    other = createServer((socket) => socket.on("error", () => {}).write(methodFrame));
    await new Promise<void>((resolve) => other?.listen(broker.port, "127.0.0.1", resolve));
    await expect(broker.start()).rejects.toThrow(/^RabbitMQ on port \d+ ended while it started.*eaddrinuse/s);
    await broker.kill();
  });
});
