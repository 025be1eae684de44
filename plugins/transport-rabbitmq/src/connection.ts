import { hostname } from "node:os";
import { type ClientTls, clientTls } from "@kilonova/config";
import { type KilonovaError, messageOf } from "@kilonova/messaging";
import { Connection } from "rabbitmq-client";
import { brokerError, isRefusal, shownAddress, unreachable, untrusted } from "./broker-error.js";
import type { RabbitmqOptions } from "./options.js";

/** Seconds. A peer that is silent for twice as long is gone. */
const HEARTBEAT = 20;
/** Milliseconds before the first attempt to reconnect, and at most before a later one. The library adds jitter. */
const RECONNECT = { retryLow: 200, retryHigh: 5_000 };
/** Milliseconds that the broker has to say goodbye. */
const FAREWELL = 3_000;

/**
 * Opens a connection that from then on comes back by itself.
 *
 * @param purpose what RabbitMQ's management pages call it
 * @throws KilonovaError `transport.unreachable` after `connectTimeout`, `transport.refused` at once; where TLS fails
 *   `transport.unreachable` at once; ConfigurationError for files of TLS
 */
export async function openConnection(options: RabbitmqOptions, purpose: string): Promise<Connection> {
  const tls = options.url.startsWith("amqps:") ? clientTls("rabbitmq", options) : undefined;
  const connection = new Connection({
    url: options.url,
    ...(tls ? { tls: tls.settings } : {}),
    connectionName: `kilonova ${purpose}, process ${process.pid} on ${hostname()}`,
    connectionTimeout: Math.max(1, options.connectTimeout),
    acquireTimeout: options.sendTimeout,
    heartbeat: HEARTBEAT,
    frameMax: 131_072,
    // Else a lone call waits for Nagle's algorithm, 40 ms.
    noDelay: true,
    ...RECONNECT,
  });
  try {
    await firstConnection(connection, options, tls);
  } catch (error) {
    connection.unsafeDestroy();
    throw error;
  }
  return connection;
}

/** Ends a connection in good order, or at once where the broker doesn't answer. */
export async function closeConnection(connection: Connection): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FAREWELL);
  });
  await Promise.race([connection.close().catch(() => {}), late]);
  clearTimeout(timer);
  connection.unsafeDestroy();
}

function firstConnection(
  connection: Connection,
  { url, connectTimeout }: RabbitmqOptions,
  tls: ClientTls | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    const giveUp = (error: KilonovaError) => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(
      () =>
        giveUp(
          unreachable(url, last === undefined ? `no answer within ${connectTimeout / 1_000} s` : messageOf(last), last),
        ),
      connectTimeout,
    );
    // Stays for good: an emitter without one throws. What is lost later shows in the channels.
    connection.on("error", (error: unknown) => {
      last = error;
      const distrust = tls?.explain(error);
      if (distrust !== undefined) giveUp(untrusted(url, distrust, error));
      if (isRefusal(error)) giveUp(brokerError(url, `the log-in to ${shownAddress(url)}`, error));
    });
    connection.once("connection", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
