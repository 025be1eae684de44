import { setTimeout as pause } from "node:timers/promises";
import type { ServerGroupRule } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";

/** Milliseconds between two looks. */
const PAUSE = 25;

/** All that must never be seen, in one snapshot: each row is one fault in words. */
const FAULTS = `
  SELECT format('%s of %s %s are used at %s', used, capacity, resource_class, provider_id) AS fault FROM (
    SELECT *, (total - reserved) * allocation_ratio AS capacity FROM placement.inventories
  ) AS inventory
  WHERE used > capacity
  UNION ALL
  SELECT format('%s %s are used at %s, and allocations come to %s', used, resource_class, provider_id, coalesce(sum, 0))
  FROM placement.inventories
  LEFT JOIN (
    SELECT provider_id, resource_class, sum(amount) FROM placement.allocations GROUP BY provider_id, resource_class
  ) AS taken USING (provider_id, resource_class)
  WHERE used <> coalesce(sum, 0)
  UNION ALL
  SELECT format('%s members of group %s are on %s, %s are allowed', count(*), group_id, root_provider_id, most)
  FROM placement.consumers AS consumer
  JOIN unnest($1::text[], $2::integer[]) AS rule (group_id, most) USING (group_id)
  WHERE EXISTS (SELECT FROM placement.allocations WHERE consumer_id = consumer.id)
  GROUP BY group_id, root_provider_id, most HAVING count(*) > most
  UNION ALL
  SELECT format('the members of group %s are on %s hosts', group_id, count(DISTINCT root_provider_id))
  FROM placement.consumers AS consumer
  WHERE group_id LIKE 'together-%' AND EXISTS (SELECT FROM placement.allocations WHERE consumer_id = consumer.id)
  GROUP BY group_id HAVING count(DISTINCT root_provider_id) > 1`;

/** Looks at all that placement has, again and again. */
export class PlacementWatcher {
  looks = 0;
  /** What it saw that must not be, each once. */
  readonly faults = new Set<string>();
  readonly #end = new AbortController();
  readonly #watching: Promise<void>;

  constructor(
    private readonly database: Database,
    /** Those of anti-affinity; groups whose members have to be together have an id that says so. */
    private readonly groups: readonly ServerGroupRule[],
  ) {
    this.#watching = this.#watch();
  }

  /** Ends it, after one more look. @throws where the database did not answer */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#watching;
    await this.#look();
  }

  async #watch(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await this.#look();
      await pause(PAUSE);
    }
  }

  async #look(): Promise<void> {
    const rules = [this.groups.map(({ id }) => id), this.groups.map(({ maxServerPerHost }) => maxServerPerHost)];
    const { rows } = await this.database.$client.query<{ fault: string }>(FAULTS, rules);
    for (const { fault } of rows) this.faults.add(fault);
    this.looks++;
  }
}
