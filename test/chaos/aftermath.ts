import { GuestHistory } from "@kilonova/virt-fake";
import pg from "pg";
import { expect } from "vitest";

/** What is left of a cloud when the dust has settled. */
export interface Aftermath {
  /** The status of each server in the database, by id. */
  readonly servers: ReadonlyMap<
    string,
    { readonly vmState: string; readonly taskState: string | null; readonly fault: string | null }
  >;
  readonly consumers: readonly string[];
  readonly addressed: readonly string[];
}

const SETTLE_TIME = 120_000;

/** Waits until nothing is being done to any server any more. @param timeLimit milliseconds */
export async function settled(databaseUrl: string, timeLimit = SETTLE_TIME): Promise<Aftermath> {
  await expect
    .poll(async () => count(databaseUrl, "SELECT count(*) AS n FROM compute.operations WHERE finished_at IS NULL"), {
      timeout: timeLimit,
      interval: 250,
    })
    .toBe(0);
  return readAftermath(databaseUrl);
}

/**
 * Holds the aftermath to the promise: every server active, or in error with a reason; one guest for each that is active
 * and none for the others; no allocation and no address that belongs to nobody.
 */
export async function expectNothingLost(
  aftermath: Aftermath,
  serverIds: readonly string[],
  history: GuestHistory,
): Promise<void> {
  for (const id of serverIds) {
    const server = aftermath.servers.get(id);
    expect(server?.taskState, `task state of ${id}`).toBeNull();
    expect(["active", "error"], `state of ${id}`).toContain(server?.vmState);
    if (server?.vmState === "error") expect(server.fault, `fault of ${id}`).toMatch(/\S/);
    const { most, atTheEnd } = await guestsOf(history, id);
    expect(most, `guests of ${id} at the same time`).toBeLessThanOrEqual(1);
    expect(atTheEnd, `guests of ${id}, which is ${server?.vmState}`).toBe(server?.vmState === "active" ? 1 : 0);
  }
  const active = [...aftermath.servers].filter(([, { vmState }]) => vmState === "active").map(([id]) => id);
  expect([...aftermath.consumers].sort()).toEqual(active.sort());
  expect([...aftermath.addressed].sort()).toEqual(active.sort());
}

/** How many guests a server had at the same time at most, and how many in the end. */
async function guestsOf(history: GuestHistory, serverId: string) {
  let alive = 0;
  let most = 0;
  for (const { event } of await history.read(serverId)) {
    alive += event === "spawned" ? 1 : -1;
    most = Math.max(most, alive);
  }
  return { most, atTheEnd: alive };
}

async function readAftermath(databaseUrl: string): Promise<Aftermath> {
  return connected(databaseUrl, async (client) => {
    const servers = await client.query<{
      id: string;
      vm_state: string;
      task_state: string | null;
      fault: string | null;
    }>(`
      SELECT id, vm_state, task_state, (
        SELECT message FROM compute.server_faults f WHERE f.server_id = s.id ORDER BY f.id DESC LIMIT 1
      ) AS fault
      FROM compute.servers s WHERE deleted_at IS NULL`);
    const consumers = await client.query<{ id: string }>(
      "SELECT DISTINCT consumer_id AS id FROM placement.allocations",
    );
    const addressed = await client.query<{ id: string }>("SELECT DISTINCT server_id AS id FROM network.ports");
    return {
      servers: new Map(
        servers.rows.map((row) => [row.id, { vmState: row.vm_state, taskState: row.task_state, fault: row.fault }]),
      ),
      consumers: consumers.rows.map(({ id }) => id),
      addressed: addressed.rows.map(({ id }) => id),
    };
  });
}

/** One number of one row. */
export async function count(databaseUrl: string, query: string): Promise<number> {
  return connected(databaseUrl, async (client) => Number((await client.query<{ n: string }>(query)).rows[0]?.n ?? 0));
}

async function connected<Value>(databaseUrl: string, use: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
