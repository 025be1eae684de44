import { type BrokerParty, boundUser, KilonovaError } from "@kilonova/messaging";
import { type BoxedTopic, TOPICS } from "./boxed-topics.js";

/** Whom the services in the box talk to. */
const TALKS: Readonly<
  Record<BoxedTopic, { readonly calls: readonly BoxedTopic[]; readonly casts: readonly BoxedTopic[] }>
> = {
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
function checkedTopic(name: string): BoxedTopic {
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
