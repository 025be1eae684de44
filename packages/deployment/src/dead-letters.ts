import type { DeadLetter, DeadLetters } from "@kilonova/messaging";
import { type BrokerNeed, brokerCommand } from "./broker-command.js";

const DEAD_LETTERS: BrokerNeed<DeadLetters> = {
  part: ({ deadLetters }) => deadLetters,
  expected: "keeps dead letters",
  received: (driver, isMemory) =>
    isMemory ? "the memory transport, whose dead letters are gone with its process" : `${driver}, which keeps none`,
};

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
  return brokerCommand(argv, DEAD_LETTERS, async (letters, transport) => {
    await transport.connect();
    return use(letters);
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
