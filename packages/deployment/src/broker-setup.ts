import type { BrokerRights, BrokerSetup } from "@kilonova/messaging";
import { type BrokerNeed, brokerCommand } from "./broker-command.js";
import { brokerParties, type PartyChoice } from "./broker-parties.js";

/** What `kilonova rpc permissions` tells. */
export interface ToldRights {
  /** RabbitMQ's virtual host in which they hold. */
  readonly vhost: string;
  readonly rights: readonly BrokerRights[];
}

const SETUP: BrokerNeed<BrokerSetup> = {
  part: ({ setup }) => setup,
  expected: "has users with rights",
  received: (driver) => driver,
};

/**
 * `kilonova rpc permissions`: what each process of a cloud needs to be allowed at its broker.
 *
 * @throws ConfigurationError where the transport knows no rights
 */
export async function brokerRightsOf(argv: readonly string[] | undefined, choice: PartyChoice): Promise<ToldRights> {
  return brokerCommand(argv, SETUP, async ({ vhost, rights }) => ({ vhost, rights: rights(brokerParties(choice)) }));
}

/** `kilonova rpc declare`: what the listeners of each topic share, which some of them may not declare. */
export async function declareTopics(argv: readonly string[] | undefined, topics: readonly string[]): Promise<void> {
  await brokerCommand(argv, SETUP, ({ declare }) => declare(topics));
}
