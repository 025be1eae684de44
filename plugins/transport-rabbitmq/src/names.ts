import { createHash } from "node:crypto";
import { type Address, assertTopic } from "@kilonova/messaging";

// AMQP's names have 255 bytes at most: "v1." + topic + "." + host + ".fanout." and a UUID fit with room to spare.
const LONGEST_NAME = 128;
const UNSAFE = /[^A-Za-z0-9._-]/gu;

/**
 * The name of a topic, or of a host in it, inside the names of queues. No two addresses share one: a topic has no dot, an
 * escape begins with `%` and a shortened name has a `~`, which no other name contains.
 *
 * @throws KilonovaError `contract.invalid` for a topic that is no name
 */
export function addressName({ topic, server }: Address): string {
  assertTopic(topic);
  return server === undefined ? topic : `${topic}.${plainName(server)}`;
}

/** What the UUIDs in names of queues look like, for regular expressions. */
export const UUID_PATTERN = "[0-9a-f-]{36}";

/** The name of a broker user inside the names of queues. */
export function userName(user: string): string {
  return plainName(user);
}

function plainName(name: string): string {
  const escaped = name.replace(UNSAFE, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`).join(""),
  );
  if (escaped.length <= LONGEST_NAME) return escaped;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 40);
  return `${escaped.slice(0, LONGEST_NAME - digest.length - 1)}~${digest}`;
}
