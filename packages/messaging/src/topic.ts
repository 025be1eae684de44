import { KilonovaError } from "./kilonova-error.js";

/** What a topic looks like. It has no dot and no slash: names of queues and users put what else there is behind one. */
export const TOPIC = /^[a-z][A-Za-z0-9_-]{0,62}$/;

/** {@link TOPIC} in words. */
export const TOPIC_WORDS = `a letter in lower case, then letters, digits, "-" and "_", 63 at most`;

/**
 * For transports, before a topic becomes part of a name at the broker.
 *
 * @throws KilonovaError `contract.invalid`
 */
export function assertTopic(topic: string): void {
  if (TOPIC.test(topic)) return;
  throw new KilonovaError("contract.invalid", `"${topic.slice(0, 80)}" is no topic: ${TOPIC_WORDS}.`);
}
