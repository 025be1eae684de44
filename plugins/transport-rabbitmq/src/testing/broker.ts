import { randomUUID } from "node:crypto";
import { Connection } from "rabbitmq-client";
import { rabbitmqOptions } from "../options.js";
import { RabbitmqTransport } from "../rabbitmq-transport.js";

const topics: string[] = [];

/** The broker that the tests may use. */
export function testUrl(): string {
  const url = process.env["KILONOVA_TEST_AMQP_URL"];
  if (!url) throw new Error("KILONOVA_TEST_AMQP_URL is not set: `npm test` sets it to a RabbitMQ of its own");
  return url;
}

/** A topic whose queues {@link removeTopics} takes away: those of casts outlive a test. */
export function testTopic(): string {
  const topic = `test-${randomUUID().slice(0, 8)}`;
  topics.push(topic);
  return topic;
}

export function unconnected(options: Readonly<Record<string, unknown>> = {}): RabbitmqTransport {
  return new RabbitmqTransport(rabbitmqOptions.schema.parse({ url: testUrl(), ...options }));
}

export async function connected(options?: Readonly<Record<string, unknown>>): Promise<RabbitmqTransport> {
  const transport = unconnected(options);
  await transport.connect();
  return transport;
}

export async function removeTopics(): Promise<void> {
  const connection = new Connection({ url: testUrl(), noDelay: true });
  for (const topic of topics) {
    await connection.queueDelete({ queue: `v1.${topic}.cast` });
    await connection.queueDelete({ queue: `v1.${topic}.dead` });
    for (const purpose of ["", ".calls", ".casts", ".fanout", ".dead", ".retry"])
      await connection.exchangeDelete({ exchange: `v1.${topic}${purpose}` });
  }
  await connection.close();
}
