import { ConfigurationError } from "@kilonova/config";
import { loadTransport, transportOptions, watchedCommand } from "@kilonova/core";
import type { Transport } from "@kilonova/messaging";
import { viewPlugins } from "./plugin-reports.js";

/** What processes have no broker with. */
const MEMORY = "@kilonova/messaging#MemoryTransport";

/** What a command needs of the transport that a configuration names. */
export interface BrokerNeed<Part> {
  /** Undefined where the transport has it not. */
  readonly part: (transport: Transport) => Part | undefined;
  /** The transport that would have it, in words. */
  readonly expected: string;
  /** What to say was found instead: of the memory transport, and of another by its object path. */
  readonly received: (driver: string, isMemory: boolean) => string;
}

/**
 * A command about the broker that a cloud of this configuration has: it gets the part of the transport that it needs, not
 * connected yet.
 *
 * @throws ConfigurationError where messages go through the memory of one process, which nobody else can look into, or a
 *   transport lacks the part; KilonovaError as `loadTransport`
 */
export async function brokerCommand<Part, Value>(
  argv: readonly string[] | undefined,
  { part, expected, received }: BrokerNeed<Part>,
  use: (part: Part, transport: Transport) => Promise<Value>,
): Promise<Value> {
  return watchedCommand("kilonova", async () => {
    const { configuration, loader } = await viewPlugins(argv);
    const { driver } = configuration.get(transportOptions);
    const isMemory = driver === MEMORY;
    const transport = isMemory ? undefined : await loadTransport(configuration, loader);
    try {
      const found = transport && part(transport);
      if (transport && found) return await use(found, transport);
      const place = { option: "transport.driver", place: "configuration" };
      throw new ConfigurationError(configuration.program, [
        {
          ...place,
          expected: `a transport with a broker that ${expected}: name the configuration by --config-file`,
          received: received(driver, isMemory),
        },
      ]);
    } finally {
      await transport?.close();
    }
  });
}
