import { type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { countImageProperties, countIoOps, createServers } from "./index.js";
import { type ComputeDatabase, computeDatabase, createRequest, newServer } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.database.execute(sql`truncate compute.servers cascade`));

/** A server on a host, that came from an image with properties, or from none. */
async function server(
  host: string | null,
  { properties, also }: { readonly properties?: Record<string, string>; readonly also?: SQL } = {},
): Promise<void> {
  const made = newServer();
  const request = createRequest({ servers: [made] });
  const image = properties ? { id: "image", minDisk: 0, minRam: 0, properties } : null;
  await createServers(store.database, { ...request, requestSpec: { ...request.requestSpec, image } });
  await store.database.execute(
    sql`update compute.servers set ${also ?? sql`vm_state = 'active', task_state = null`}, host = ${host} where id = ${made.id}`,
  );
}

const state = (vmState: string, taskState: string | null) => ({
  also: sql`vm_state = ${vmState}, task_state = ${taskState}`,
});

test("servers that keep the disks of a host busy are counted, by host", async () => {
  await server("a", state("building", "spawning"));
  await server("a", state("building", null));
  await server("b", state("active", "image_snapshot"));
  await server("b", state("active", "resize_prep"));
  await server("b", state("shelved_offloaded", "unshelving"));
  await server("c", state("active", "rebooting"));
  await server("c", state("error", null));
  await server("c", { also: sql`vm_state = 'building', deleted_at = now()` });
  await server(null, state("building", "scheduling"));

  expect(await countIoOps(store.database)).toEqual(
    new Map([
      ["a", 2],
      ["b", 3],
    ]),
  );
});

test("properties of the images of servers are counted, by host", async () => {
  await server("a", { properties: { os: "linux", bus: "virtio" } });
  await server("a", { properties: { os: "linux" } });
  await server("a", { properties: { os: "windows" } });
  await server("b", { properties: { os: "linux", "with=sign": "a=b" } });
  await server("c", { properties: {} });
  await server("c");
  await server("c", { properties: { os: "linux" }, also: sql`vm_state = 'deleted', deleted_at = now()` });
  await server(null, { properties: { os: "linux" } });

  expect(await countImageProperties(store.database)).toEqual(
    new Map([
      [
        "a",
        new Map([
          ["bus=virtio", 1],
          ["os=linux", 2],
          ["os=windows", 1],
        ]),
      ],
      [
        "b",
        new Map([
          ["os=linux", 1],
          ["with=sign=a=b", 1],
        ]),
      ],
    ]),
  );
});
