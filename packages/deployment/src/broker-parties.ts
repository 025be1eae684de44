import { ConfigurationError } from "@kilonova/config";
import { loadTransport, transportOptions, watchedCommand } from "@kilonova/core";
import { type BrokerParty, type BrokerRights, type BrokerSetup, boundUser, KilonovaError } from "@kilonova/messaging";
import { MEMORY, TOPICS } from "./dead-letters.js";
import { viewPlugins } from "./plugin-reports.js";

type Topic = (typeof TOPICS)[number];

/** Whom the services in the box talk to. */
const TALKS: Readonly<Record<Topic, { readonly calls: readonly Topic[]; readonly casts: readonly Topic[] }>> = {
  api: { calls: ["identity", "image", "network", "scheduler", "compute"], casts: ["conductor", "compute"] },
  compute: { calls: ["conductor", "placement", "network", "image"], casts: [] },
  conductor: { calls: ["scheduler", "placement", "network"], casts: ["compute"] },
  identity: { calls: ["identity"], casts: [] },
  image: { calls: ["identity"], casts: [] },
  network: { calls: ["identity"], casts: [] },
  placement: { calls: ["identity"], casts: [] },
  scheduler: { calls: ["placement"], casts: [] },
};

/** Who looks after dead letters and declares what services share: no service, and its commands may reach them all. */
const OPERATOR: BrokerParty = { user: "operator", listens: [], calls: TOPICS, casts: TOPICS };

/** What is asked of {@link brokerParties}. */
export interface PartyChoice {
  /** Hosts that run a compute. */
  readonly hosts: readonly string[];
  /** Processes that run several services, by the broker user that they have. */
  readonly together: ReadonlyMap<string, readonly string[]>;
}

/** The processes of a cloud as a broker sees them: one user for each service, one for the compute of each host, and the operator's. */
export function brokerParties({ hosts, together }: PartyChoice): readonly BrokerParty[] {
  const grouped = new Set([...together.values()].flat().map(checkedTopic));
  const alone = TOPICS.filter((topic) => topic !== "compute" && !grouped.has(topic));
  const users: (readonly [string, readonly string[]])[] = [
    ...together,
    ...alone.map((topic) => [topic, [topic]] as const),
  ];
  const services = users.map(([user, topics]) => partyOf(user, topics));
  const computes = hosts.map((host) => ({
    user: boundUser("compute", host),
    listens: [{ topic: "compute", server: host }],
    ...TALKS.compute,
  }));
  const parties = [...services, ...computes, OPERATOR];
  const twice = parties.find(({ user }, index) => parties.findIndex((other) => other.user === user) !== index);
  if (!twice) return parties;
  throw new KilonovaError("cloud.refused", `Two are to have the broker user ${twice.user}: call one by another name.`);
}

/** @throws KilonovaError `cloud.refused` */
function checkedTopic(name: string): Topic {
  const topic = TOPICS.find((known) => known === name && known !== "compute");
  if (topic) return topic;
  const known = TOPICS.filter((each) => each !== "compute").join(", ");
  throw new KilonovaError("cloud.refused", `"${name}" cannot share a broker user. Those that can: ${known}.`);
}

function partyOf(user: string, topics: readonly string[]): BrokerParty {
  const talks = TOPICS.filter((topic) => topics.includes(topic)).map((topic) => TALKS[topic]);
  return {
    user,
    listens: topics.map((topic) => ({ topic })),
    calls: [...new Set(talks.flatMap(({ calls }) => calls))],
    casts: [...new Set(talks.flatMap(({ casts }) => casts))],
  };
}

/** What `kilonova rpc permissions` tells. */
export interface ToldRights {
  /** RabbitMQ's virtual host in which they hold. */
  readonly vhost: string;
  readonly rights: readonly BrokerRights[];
}

/**
 * `kilonova rpc permissions`: what each process of a cloud needs to be allowed at its broker.
 *
 * @throws ConfigurationError where the transport knows no rights
 */
export async function brokerRightsOf(argv: readonly string[] | undefined, choice: PartyChoice): Promise<ToldRights> {
  return withBrokerSetup(argv, async ({ vhost, rights }) => ({ vhost, rights: rights(brokerParties(choice)) }));
}

/** `kilonova rpc declare`: what the listeners of each topic share, which some of them may not declare. */
export async function declareTopics(argv: readonly string[] | undefined, topics: readonly string[]): Promise<void> {
  await withBrokerSetup(argv, ({ declare }) => declare(topics));
}

async function withBrokerSetup<Value>(
  argv: readonly string[] | undefined,
  use: (setup: BrokerSetup) => Promise<Value>,
): Promise<Value> {
  return watchedCommand("kilonova", async () => {
    const { configuration, loader } = await viewPlugins(argv);
    const { driver } = configuration.get(transportOptions);
    const transport = driver === MEMORY ? undefined : await loadTransport(configuration, loader);
    try {
      if (transport?.setup) return await use(transport.setup);
      throw new ConfigurationError(configuration.program, [
        {
          option: "transport.driver",
          place: "configuration",
          expected: "a transport with a broker that has users with rights: name the configuration by --config-file",
          received: driver,
        },
      ]);
    } finally {
      await transport?.close();
    }
  });
}
