import { type BrokerParty, type BrokerRights, boundHost } from "@kilonova/messaging";
import { addressName, userName } from "./names.js";
import { REPLY_EXCHANGE, requestExchange } from "./topology.js";

const UUID = "[0-9a-f-]{36}";

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
  const cast = casts.map((topic) => `v1\\.${quoted(topic)}(\\.dead|(\\..+)?\\.cast)?`);
  const called = calls.map((topic) => `v1\\.${quoted(topic)}(\\.fanout)?`);
  const replies = `${quoted(REPLY_EXCHANGE)}(\\.${replyQueueOf(user)})?`;
  return {
    user,
    configure: anyOf([...own, ...cast, ...called, replies]),
    write: anyOf([...own, ...cast, ...called, replies]),
    read: anyOf([...own, ...cast, replies]),
    topics: [{ exchange: REPLY_EXCHANGE, write: anyOf([`${quoted(REPLY_EXCHANGE)}\\..+`]), read: ownReplies(user) }],
  };
}

/** Of one that is bound to its host. What its topic shares is declared by others (`kilonova rpc declare`). */
function rightsOnHost({ user, listens, calls }: BrokerParty, parties: readonly BrokerParty[]): BrokerRights {
  const queues = listens.map((address) => `v1\\.${quoted(addressName(address))}\\.`);
  const own = queues.map((queue) => `${queue}(call|cast|retry|fanout\\.${UUID})`);
  const replies = `${quoted(REPLY_EXCHANGE)}\\.${replyQueueOf(user)}`;
  const topics = [...new Set(listens.map(({ topic }) => topic))];
  const callers = parties.filter((party) => party.calls.some((topic) => topics.includes(topic)));
  const answers = callers.map((caller) => `${quoted(REPLY_EXCHANGE)}\\.${replyQueueOf(caller.user)}`);
  return {
    user,
    configure: anyOf([...own, replies]),
    write: anyOf([
      ...own,
      ...topics.map((topic) => `v1\\.${quoted(topic)}\\.dead`),
      ...calls.map((topic) => `v1\\.${quoted(topic)}`),
      `${quoted(REPLY_EXCHANGE)}(\\.${replyQueueOf(user)})?`,
    ]),
    read: anyOf([
      ...own,
      ...topics.map((topic) => `v1\\.${quoted(topic)}(\\.fanout)?`),
      `${quoted(REPLY_EXCHANGE)}(\\.${replyQueueOf(user)})?`,
    ]),
    topics: [
      { exchange: REPLY_EXCHANGE, write: anyOf(answers), read: ownReplies(user) },
      ...topics.map((topic) => ({
        exchange: requestExchange(topic).exchange,
        write: anyOf([]),
        read: anyOf(queues.map((queue) => `${queue}(call|cast)`)),
      })),
      ...calls.map((topic) => ({
        exchange: requestExchange(topic).exchange,
        write: anyOf([`v1\\.${quoted(topic)}\\.call`]),
        read: anyOf([]),
      })),
    ],
  };
}

function ownReplies(user: string): string {
  return anyOf([`${quoted(REPLY_EXCHANGE)}\\.${replyQueueOf(user)}`]);
}

function replyQueueOf(user: string): string {
  return `${quoted(userName(user))}\\.${UUID}`;
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
