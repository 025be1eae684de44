import { duration, hasTlsFiles, type Options, optionGroup, tlsClientFiles } from "@kilonova/config";
import { z } from "zod";

/** What the library can take apart. */
function isBrokerUrl(text: string): boolean {
  return /^amqps?:\/\//.test(text) && URL.canParse(text) && new URL(text).hostname !== "";
}

/** The options of this transport. */
export const rabbitmqOptions = optionGroup(
  "rabbitmq",
  z
    .object({
      url: z
        .string()
        .refine(isBrokerUrl, "expected amqp://user:password@host:port/vhost")
        .default("amqp://guest:guest@127.0.0.1:5672")
        .meta({
          secret: true,
          title: "amqp://user:password@host:port/vhost",
          description: "Where RabbitMQ is, with user and password; amqps:// for TLS.",
        }),
      ...tlsClientFiles("RabbitMQ"),
      connectTimeout: duration("10s").describe("How long a process waits at its start for RabbitMQ to be reached."),
      sendTimeout: duration("30s").describe(
        "How long a call, or a cast that is not confirmed, waits for a lost connection to come back.",
      ),
      prefetch: z
        .int()
        .min(1)
        .max(10_000)
        .default(64)
        .describe(
          "How many messages of one queue RabbitMQ hands to a service before it has acknowledged the first, at most; never more than the service works on at the same time.",
        ),
      envelope: z
        .enum(["kilonova", "oslo"])
        .default("kilonova")
        .describe(
          "The form of messages and queues. `oslo`: as oslo.messaging has them (envelope 2.0), so that Python services can call and be called; all processes at a broker that call one another need the same.",
        ),
      osloExchange: z
        .string()
        .regex(/^[A-Za-z0-9._:-]{1,127}$/, "expected the name of an exchange")
        .default("nova")
        .describe("With the envelope `oslo`, the exchange of topics: what oslo.messaging calls control_exchange."),
    })
    .refine((options) => options.url.startsWith("amqps:") || !hasTlsFiles(options), {
      path: ["url"],
      error: "expected an amqps:// address, as files of TLS are set",
    }),
);

export type RabbitmqOptions = Options<typeof rabbitmqOptions>;
