import { type Context, ServiceBroker } from "moleculer";
import { type Payload, runPeer } from "./peer-program.js";

// As it is by default, but for the prefetch of one, with which nothing would be at work beside a call. Its events are
// neither confirmed nor kept nor acknowledged.

function brokerOf(url: string, topic: string, role: string): ServiceBroker {
  return new ServiceBroker({
    namespace: topic,
    nodeID: role,
    logger: false,
    transporter: { type: "AMQP", options: { url, prefetch: 64 } },
  });
}

await runPeer({
  async serve(url, topic, worked) {
    const broker = brokerOf(url, topic, "server");
    broker.createService({
      name: "bench",
      actions: { echo: ({ params }: Context<Payload>) => params },
      events: { "bench.tick": () => worked() },
    });
    await broker.start();
  },
  async connect(url, topic) {
    const broker = brokerOf(url, topic, "client");
    await broker.start();
    await broker.waitForServices("bench");
    return {
      call: (payload) => broker.call<Payload, Payload>("bench.echo", payload),
      cast: (payload) => broker.emit("bench.tick", payload),
    };
  },
});
