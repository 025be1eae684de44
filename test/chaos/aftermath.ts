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
}

const SETTLE_TIME = 120_000;
/** Milliseconds in which a compute notices twice what belongs to no server, and frees it. */
const FREEING_TIME = 150_000;

const CONSUMERS = "SELECT DISTINCT consumer_id AS id FROM placement.allocations";
const ADDRESSED = "SELECT DISTINCT server_id AS id FROM network.ports";

/**
 * Waits until nothing is being done to any server any more, and holds the cloud to half of the promise: no allocation and no
 * address that belongs to nobody, and both for each active server.
 *
 * @param timeLimit milliseconds that operations have
 */
export async function settled(databaseUrl: string, timeLimit = SETTLE_TIME): Promise<Aftermath> {
  await expect
    .poll(async () => count(databaseUrl, "SELECT count(*) AS n FROM compute.operations WHERE finished_at IS NULL"), {
      timeout: timeLimit,
      interval: 250,
    })
    .toBe(0);
  const servers = await readServers(databaseUrl);
  const active = [...servers].filter(([, { vmState }]) => vmState === "active").map(([id]) => id);
  // A compute frees what a failed build held when the operation has its end, and not before: whoever took over a build that
  // had none would build without an allocation (packages/compute/src/build-server.ts). Who reads in between still sees it,
  // and if the compute is killed in between, its audit frees it. What is promised is that nothing is left.
  for (const holders of [CONSUMERS, ADDRESSED]) {
    await expect
      .poll(async () => (await idsOf(databaseUrl, holders)).toSorted(), { timeout: FREEING_TIME, interval: 250 })
      .toEqual(active.toSorted());
  }
  return { servers };
}

/**
 * Holds the aftermath to the other half of the promise: every server active, or in error with a reason; one guest for each
 * that is active and none for the others.
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

async function readServers(databaseUrl: string): Promise<Aftermath["servers"]> {
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
    return new Map(
      servers.rows.map((row) => [row.id, { vmState: row.vm_state, taskState: row.task_state, fault: row.fault }]),
    );
  });
}

async function idsOf(databaseUrl: string, query: string): Promise<readonly string[]> {
  return connected(databaseUrl, async (client) => (await client.query<{ id: string }>(query)).rows.map(({ id }) => id));
}

/** One number of one row. */
export async function count(databaseUrl: string, query: string): Promise<number> {
  return connected(databaseUrl, async (client) => Number((await client.query<{ n: string }>(query)).rows[0]?.n ?? 0));
}

/** Does something with a connection of its own to that database. */
export async function connected<Value>(
  databaseUrl: string,
  use: (client: pg.Client) => Promise<Value>,
): Promise<Value> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
