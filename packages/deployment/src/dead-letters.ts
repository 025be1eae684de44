import { ConfigurationError } from "@kilonova/config";
import { loadTransport, transportOptions, watchedCommand } from "@kilonova/core";
import type { DeadLetter, DeadLetters } from "@kilonova/messaging";
import { viewPlugins } from "./plugin-reports.js";

/** The topics of the services in the box. */
export const TOPICS = [
  "api",
  "compute",
  "conductor",
  "identity",
  "image",
  "network",
  "placement",
  "scheduler",
] as const;

/** What processes have no broker with. */
export const MEMORY = "@kilonova/messaging#MemoryTransport";

/**
 * `kilonova rpc dead`: the dead letters of the broker that a cloud of this configuration has.
 *
 * @throws ConfigurationError where messages go through the memory of one process, which nobody else can look into, or a
 *   transport keeps none; KilonovaError `transport.*`
 */
export async function withDeadLetters<Value>(
  argv: readonly string[] | undefined,
  use: (letters: DeadLetters) => Promise<Value>,
): Promise<Value> {
  return watchedCommand("kilonova", async () => {
    const { configuration, loader } = await viewPlugins(argv);
    const { driver } = configuration.get(transportOptions);
    const refuse = (received: string) =>
      new ConfigurationError(configuration.program, [
        {
          option: "transport.driver",
          place: "configuration",
          expected: "a transport with a broker that keeps dead letters: name the configuration by --config-file",
          received,
        },
      ]);
    if (driver === MEMORY) throw refuse("the memory transport, whose dead letters are gone with its process");
    const transport = await loadTransport(configuration, loader);
    try {
      await transport.connect();
      if (!transport.deadLetters) throw refuse(`${driver}, which keeps none`);
      return await use(transport.deadLetters);
    } finally {
      await transport.close();
    }
  });
}

/** Those of all topics, oldest first. @param most of each topic */
export async function listDeadLetters(
  letters: DeadLetters,
  topics: readonly string[],
  most: number,
): Promise<readonly DeadLetter[]> {
  const found: DeadLetter[] = [];
  for (const topic of topics) found.push(...(await letters.list(topic, most)));
  return found.sort((one, other) => one.at - other.at);
}
