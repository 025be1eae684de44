import { randomUUID } from "node:crypto";
import { type Channel, Connection } from "rabbitmq-client";
import { type Payload, runPeer } from "./peer-program.js";

// The connection library alone, with queues and acknowledgements as Kilonova's transport has them and nothing else on
// its way: no contract, no context, no deadline. What is left is the ceiling.

const PREFETCH = 64;

const callQueue = (topic: string) => ({
  queue: `bare.${topic}.call`,
  durable: true,
  autoDelete: true,
  arguments: { "x-queue-type": "classic" as const },
});
const castQueue = (topic: string) => ({
  queue: `bare.${topic}.cast`,
  durable: true,
  arguments: { "x-queue-type": "quorum" as const, "x-delivery-limit": 20 },
});

function connect(url: string): Connection {
  const connection = new Connection({ url, noDelay: true });
  connection.on("error", (error) => console.error(error));
  return connection;
}

await runPeer({
  async serve(url, topic, worked) {
    const channel = await connect(url).acquire();
    await channel.basicQos({ prefetchCount: PREFETCH });
    await channel.queueDeclare(callQueue(topic));
    await channel.queueDeclare(castQueue(topic));
    await channel.basicConsume({ queue: callQueue(topic).queue }, ({ deliveryTag, replyTo, correlationId, body }) => {
      channel.basicAck({ deliveryTag });
      void channel.basicPublish(
        { routingKey: String(replyTo), ...(correlationId === undefined ? {} : { correlationId }) },
        JSON.stringify(JSON.parse(body)),
      );
    });
    await channel.basicConsume({ queue: castQueue(topic).queue }, ({ deliveryTag, body }) => {
      JSON.parse(body);
      worked();
      channel.basicAck({ deliveryTag });
    });
  },
  async connect(url, topic) {
    const connection = connect(url);
    const calls = await connection.acquire();
    const casts = await connection.acquire();
    await casts.confirmSelect();
    const waiting = new Map<string, (answer: Payload) => void>();
    const replyTo = await answersTo(calls, waiting);
    let count = 0;
    return {
      call: (payload) =>
        new Promise((resolve, reject) => {
          count += 1;
          const correlationId = String(count);
          waiting.set(correlationId, resolve);
          calls
            .basicPublish(
              { routingKey: callQueue(topic).queue, replyTo, correlationId, mandatory: true },
              JSON.stringify(payload),
            )
            .catch(reject);
        }),
      cast: (payload) =>
        casts.basicPublish(
          { routingKey: castQueue(topic).queue, durable: true, mandatory: true },
          JSON.stringify(payload),
        ),
    };
  },
});

async function answersTo(channel: Channel, waiting: Map<string, (answer: Payload) => void>): Promise<string> {
  const queue = `bare.reply.${randomUUID()}`;
  await channel.queueDeclare({ queue, exclusive: true, autoDelete: true });
  await channel.basicConsume({ queue, noAck: true }, ({ correlationId = "", body }) => {
    waiting.get(correlationId)?.(JSON.parse(body));
    waiting.delete(correlationId);
  });
  return queue;
}
