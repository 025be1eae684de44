/** A throw-away RabbitMQ on 127.0.0.1 that ends with the process that started it. */
export interface RabbitMqServer {
  readonly port: number;
  /** The processes under which all of the server's are, on Linux; none after `kill()`. */
  readonly pids: readonly number[];
  /** For KILONOVA_TEST_AMQP_URL: amqp://guest:guest@127.0.0.1:PORT */
  readonly url: string;
  /** Where it speaks TLS, to those who show a certificate; only where it was started with files of TLS. */
  readonly tlsPort: number;
  /** Starts it again after `kill()`, with the same port and data; resolves when it speaks AMQP. */
  start(): Promise<void>;
  /**
   * Runs a line of a shell in which `rabbitmqctl` is this server's.
   *
   * @param input what it reads
   * @returns what it printed; throws with that where it fails, and where it does not end within a minute
   */
  shell(line: string, input?: string): Promise<string>;
  /**
   * Ends it at once, as a power cut would; port and data stay for `start()`. Resolves when none of its processes is left;
   * throws and names those that are after half a minute.
   */
  kill(): Promise<void>;
  /** Ends it at once, and its disk with it: `start()` starts an empty one on the same port. */
  lose(): Promise<void>;
  /** Ends it and deletes all that it had. */
  stop(): Promise<void>;
}

/** The server's start script, or nothing where RabbitMQ is not installed. */
export function findRabbitMq(): string | undefined;

/** Starts a server of one's own, in about six seconds; throws with the end of its log when it does not come up. */
export function startRabbitMq(tls?: {
  readonly sslCaFile: string;
  readonly sslCertFile: string;
  readonly sslKeyFile: string;
}): Promise<RabbitMqServer>;
