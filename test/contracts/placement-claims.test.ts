import { randomUUID } from "node:crypto";
import type { Claim, Resources, ServerGroupRule } from "@kilonova/contracts";
import { claimOf, PlacementScene, value } from "@kilonova/placement/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClaimLedger } from "./claim-ledger.js";

const CLIENTS = 8;
const CLAIMS = 20_000;
const HOSTS = 120;
const CAPACITY = { VCPU: 80, MEMORY_MB: 16_384 };
/** Claims of one call; every fourth call is made for one. */
const MOST_AT_ONCE = 40;

let placement: PlacementScene;
const hosts: string[] = [];
beforeAll(async () => {
  placement = await PlacementScene.start();
  for (let each = 0; each < HOSTS; each++) {
    const { id } = await placement.newProvider({
      VCPU: { total: 40, allocationRatio: 2 },
      MEMORY_MB: { total: 16_896, reserved: 512 },
    });
    hosts.push(id);
  }
});
afterAll(() => placement.stop());

const random = (count: number) => Math.floor(Math.random() * count);
const pick = <Item>(items: readonly Item[]): Item | undefined => items[random(items.length)];

const groups: readonly ServerGroupRule[] = Array.from({ length: 24 }, (_, each) => ({
  id: randomUUID(),
  policy: each % 3 === 0 ? "affinity" : "anti-affinity",
  maxServerPerHost: 1 + (each % 2),
}));

/** Makes random claims, one after the other or many at once, each for one of its own consumers and on one host. */
class Client {
  readonly #ledger: ClaimLedger;
  readonly #fences = new Map<string, number>();
  readonly refusals: string[] = [];
  /** Refused although there was room all the time. */
  readonly wronged: Claim[] = [];

  constructor(ledger: ClaimLedger) {
    this.#ledger = ledger;
  }

  /** Answers how many it made. */
  async makeSome(most: number): Promise<number> {
    const count = random(4) === 0 ? 1 : Math.min(most, 1 + random(MOST_AT_ONCE));
    const claims = this.#randomClaims(count);
    const watches = claims.map((claim) => this.#ledger.begin(claim));
    const outcomes = await this.#send(claims);
    for (const [index, claim] of claims.entries()) {
      const refusal = outcomes[index];
      if (refusal === null) this.#ledger.granted(claim, watches[index]);
      else {
        this.refusals.push(refusal ?? "unanswered");
        const hadRoom = this.#ledger.refused(watches[index]);
        if (hadRoom && refusal !== "groupPolicy") this.wronged.push(claim);
      }
    }
    return claims.length;
  }

  async #send(claims: readonly Claim[]): Promise<readonly (string | null)[]> {
    const [only] = claims;
    if (only && claims.length === 1) {
      const outcome = await placement.claim(only);
      return [outcome.ok ? null : outcome.refusal];
    }
    return (await placement.claimEach(...claims.map((claim) => [claim]))).map(({ refusal }) => refusal);
  }

  /** Some calls are for new consumers alone; in the others old ones move, change or give back what they have. */
  #randomClaims(count: number): Claim[] {
    const known = random(2) === 0 ? [...this.#fences.keys()] : [];
    known.splice(0, random(known.length));
    return Array.from({ length: count }, () => {
      const consumerId = random(10) < 9 ? (known.pop() ?? randomUUID()) : randomUUID();
      const fence = (this.#fences.get(consumerId) ?? 0) + 1;
      this.#fences.set(consumerId, fence);
      const providerId = pick(hosts) ?? "";
      if (fence > 1 && random(4) > 0) return claimOf(consumerId, fence, {});
      const group = random(12) === 0 ? pick(groups) : undefined;
      return claimOf(consumerId, fence, { [providerId]: randomSize() }, { providerId, group });
    });
  }
}

function randomSize(): Resources {
  const VCPU = 1 + random(8);
  return random(5) === 0 ? { VCPU } : { VCPU, MEMORY_MB: 64 * (1 + random(32)) };
}

/** What must never be there to be seen, each counted at one moment. */
async function violations(): Promise<Record<string, number>> {
  const { rows } = await placement.live.database.$client.query<Record<string, number>>(
    `
    WITH sums AS (
      SELECT provider_id, resource_class, sum(amount) AS amount FROM placement.allocations GROUP BY 1, 2
    ), members AS (
      SELECT group_id, root_provider_id, count(*) AS here FROM placement.consumers AS consumer
      WHERE group_id IS NOT NULL AND EXISTS (SELECT FROM placement.allocations WHERE consumer_id = consumer.id)
      GROUP BY 1, 2
    ), rules AS (
      SELECT * FROM json_to_recordset($1) AS rule (id text, policy text, "maxServerPerHost" integer)
    )
    SELECT
      (SELECT count(*)::int FROM placement.inventories WHERE used > (total - reserved) * allocation_ratio) AS overcommitted,
      (SELECT count(*)::int FROM placement.inventories LEFT JOIN sums USING (provider_id, resource_class)
        WHERE used <> coalesce(amount, 0)) AS miscounted,
      (SELECT count(*)::int FROM placement.providers AS provider WHERE consumers <> (
        SELECT count(DISTINCT consumer_id) FROM placement.allocations WHERE provider_id = provider.id)) AS misjudged,
      (SELECT count(*)::int FROM members JOIN rules ON rules.id = group_id
        WHERE policy = 'anti-affinity' AND here > "maxServerPerHost") AS crowded,
      (SELECT count(*)::int FROM (
        SELECT FROM members JOIN rules ON rules.id = group_id WHERE policy = 'affinity' GROUP BY group_id HAVING count(*) > 1
      ) AS parted) AS parted`,
    [JSON.stringify(groups)],
  );
  return rows[0] ?? {};
}

const NONE = { overcommitted: 0, miscounted: 0, misjudged: 0, crowded: 0, parted: 0 };

test(`${CLIENTS} clients that make ${CLAIMS} claims of random sizes never over-commit, break no group's policy, and nobody is refused who had room`, {
  timeout: 300_000,
}, async () => {
  const ledger = new ClaimLedger(CAPACITY);
  const clients = Array.from({ length: CLIENTS }, () => new Client(ledger));
  let [left, calls, looks] = [CLAIMS, 0, 0];
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) {
        const some = Math.min(left, MOST_AT_ONCE);
        left -= some;
        left += some - (await client.makeSome(some));
        calls += 1;
        if (calls % 25 !== 0) continue;
        expect(await violations()).toEqual(NONE);
        looks += 1;
      }
    }),
  );

  expect(looks).toBeGreaterThan(3);
  expect(await violations()).toEqual(NONE);
  expect(clients.flatMap(({ wronged }) => wronged)).toEqual([]);
  const refusals = clients.flatMap((client) => client.refusals);
  expect(new Set(refusals)).toEqual(new Set(["noCapacity", "groupPolicy"]));

  // What the clients believe to have is what they have, and what they believe to be free can be had, to the last piece.
  const held = await placement.live.database.$client.query("SELECT DISTINCT consumer_id FROM placement.allocations");
  expect(held.rows.length).toBe(ledger.holdings.size);
  for (const id of hosts) {
    const free = Object.fromEntries(Object.entries(ledger.free(id)).filter(([, amount]) => amount > 0));
    if (Object.keys(free).length > 0) value(await placement.claim(claimOf(randomUUID(), 1, { [id]: free })));
    const more = claimOf(randomUUID(), 1, { [id]: { VCPU: 1 } });
    expect(await placement.claim(more)).toMatchObject({ refusal: "noCapacity" });
  }
  const { providers } = await placement.call.providers(placement.context, { after: null, limit: 1000 });
  expect(providers.map(({ used }) => used)).toEqual(hosts.map(() => CAPACITY));
});
