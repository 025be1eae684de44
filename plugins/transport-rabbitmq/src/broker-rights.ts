import { type BrokerParty, type BrokerRights, boundHost } from "@kilonova/messaging";
import { addressName, UUID_PATTERN } from "./names.js";
import { HOST_REPLY_EXCHANGE, hostExchange, replyExchange, replyName } from "./topology.js";

/**
 * The rights that each party needs at RabbitMQ, and no more (docs/decisions/0026-who-may-say-what.md says what each is
 * for). Who is bound to a host declares and reads what is that host's alone, and publishes to no exchange through which
 * another host is reached.
 */
export function brokerRights(parties: readonly BrokerParty[]): readonly BrokerRights[] {
  return parties.map((party) => {
    const host = boundHost(party.user)?.host;
    return host === undefined ? rightsOfService(party) : rightsOnHost(party, parties);
  });
}

function rightsOfService({ user, listens, calls, casts }: BrokerParty): BrokerRights {
  const own = listens.map(({ topic }) => `v1\\.${quoted(topic)}(\\..+)?`);
  const cast = casts.map((topic) => `v1\\.${quoted(topic)}(\\.dead|\\.casts|(\\..+)?\\.cast)?`);
  const called = calls.map((topic) => `v1\\.${quoted(topic)}(\\.calls|\\.fanout)?`);
  const looked = calls.map((topic) => `v1\\.${quoted(topic)}(\\..+)?\\.call`);
  const replies = replyExchangeOf(user);
  return {
    user,
    configure: anyOf([...own, ...cast, ...called, quoted(HOST_REPLY_EXCHANGE), replies, replyQueueOf(user)]),
    write: anyOf([...own, ...cast, ...called, ...looked, `${quoted(HOST_REPLY_EXCHANGE)}(\\..+)?`]),
    read: anyOf([...own, ...cast, replies, replyQueueOf(user)]),
    topics: [],
  };
}

/** Of one that is bound to its host. What its topic shares is declared by others (`kilonova rpc declare`). */
function rightsOnHost({ user, listens, calls }: BrokerParty, parties: readonly BrokerParty[]): BrokerRights {
  const queues = listens.map((address) => `v1\\.${quoted(addressName(address))}\\.`);
  const own = [...queues.map((queue) => `${queue}(call|cast|retry|fanout\\.${UUID_PATTERN})`), replyQueueOf(user)];
  const topics = [...new Set(listens.map(({ topic }) => topic))];
  const callers = parties
    .filter((party) => party.calls.some((topic) => topics.includes(topic)))
    .map(({ user }) => user);
  return {
    user,
    configure: anyOf(own),
    write: anyOf([
      ...own,
      ...topics.map((topic) => `v1\\.${quoted(topic)}\\.dead`),
      ...calls.map((topic) => `v1\\.${quoted(topic)}\\.calls?`),
      ...callers.map(replyExchangeOf),
    ]),
    read: anyOf([...own, ...topics.map((topic) => `v1\\.${quoted(topic)}(\\.fanout)?`), replyExchangeOf(user)]),
    topics: [
      {
        exchange: HOST_REPLY_EXCHANGE,
        write: anyOf(callers.filter(boundHost).map(replyQueueOf)),
        read: anyOf([replyQueueOf(user)]),
      },
      ...topics.map((topic) => ({
        exchange: hostExchange(topic).exchange,
        write: anyOf([]),
        read: anyOf(queues.map((queue) => `${queue}(call|cast)`)),
      })),
    ],
  };
}

/** Where answers to a user go through. */
function replyExchangeOf(user: string): string {
  return quoted(replyExchange(user).exchange);
}

function replyQueueOf(user: string): string {
  return `${quoted(replyName(user))}\\.${UUID_PATTERN}`;
}

/** What none of these matches, it does not either. */
function anyOf(patterns: readonly string[]): string {
  const different = [...new Set(patterns)];
  if (different.length === 0) return "^$";
  return different.length === 1 ? `^${different[0]}$` : `^(${different.join("|")})$`;
}

/** For a regular expression, where it stands for itself. */
function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
