import type { DeadLetter, DeadLetters } from "@kilonova/messaging";
import { addressOf } from "./queue-name.js";
import type { Statement } from "./statements.js";
import type { Store } from "./store.js";

const LIST: Statement = {
  name: "list_dead_letters",
  text: `select id, queue, extract(epoch from at)::float8 * 1000 as at, deliveries, reason, body
  from messaging.dead_letters where topic = $1 order by messaging.dead_letters.at, id limit $2`,
};

const RETRY: Statement = {
  name: "retry_dead_letter",
  text: `with found as (
    delete from messaging.dead_letters where topic = $1 and id::text = $2 returning queue, body
  ), put as (
    insert into messaging.casts (queue, body) select queue, body from found returning queue
  )
  select pg_notify(messaging.channel_of(queue), 'cast') from put`,
};

const DROP: Statement = {
  name: "drop_dead_letter",
  text: "delete from messaging.dead_letters where topic = $1 and id::text = $2 returning id",
};

interface Row extends Omit<DeadLetter, "address" | "body"> {
  readonly queue: string;
  readonly body: Buffer;
}

/** The dead letters in their table: kept a week. */
export class StoredDeadLetters implements DeadLetters {
  constructor(private readonly store: Store) {}

  async list(topic: string, most: number): Promise<readonly DeadLetter[]> {
    const rows = await this.store.once<Row>("a list of dead letters", LIST, [topic, most]);
    return rows.map(({ queue, body, ...letter }) => ({ ...letter, address: addressOf(queue), body: body.toString() }));
  }

  async retry(topic: string, id: string): Promise<boolean> {
    return (await this.store.once("a dead letter's retry", RETRY, [topic, id])).length > 0;
  }

  async drop(topic: string, id: string): Promise<boolean> {
    return (await this.store.once("a dead letter's end", DROP, [topic, id])).length > 0;
  }
}
