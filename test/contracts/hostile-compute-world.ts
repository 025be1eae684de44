import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { computeMigrations, createServers, placeServers, takeForConductor } from "@kilonova/compute-store";
import { computeNode, createRequest } from "@kilonova/compute-store/testing";
import { ConductorManager, conductorOptions } from "@kilonova/conductor";
import {
  computeNodeId,
  conductorContract,
  frameworkContract,
  imageContract,
  networkContract,
  placementContract,
} from "@kilonova/contracts";
import { endpointOf, noMetrics } from "@kilonova/core";
import {
  connectDatabase,
  type Database,
  DatabaseServiceRecords,
  frameworkMigrations,
  Migrator,
} from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { FileStore, ImageManager, imageMigrations, imageOptions } from "@kilonova/image";
import { boundUser, MemoryTransport, MemoryWire, RequestContext, Rpc } from "@kilonova/messaging";
import { FlatManager, networkMigrations, networkOptions } from "@kilonova/network";
import { PlacementManager, placementMigrations, placementOptions } from "@kilonova/placement";
import { type Manager, silentLogger, systemClock } from "@kilonova/plugin-api";
import { z } from "zod";

/** All that a compute's broker user may call. */
export const REACHED = [conductorContract, frameworkContract, placementContract, networkContract, imageContract];

export const LOCK = "images";
export const DRIVER = "vlan";
const LEASE = 600_000;
const group = { join: async () => {}, leave: async () => {}, isUp: () => true };

export type Clients = ReturnType<typeof clientsOf>;

/** A host with a compute, as the cloud knows it, and the compute's clients. */
export interface KnownHost {
  readonly name: string;
  /** Sent as the broker user of its compute. */
  readonly by: Clients;
  readonly serviceId: string;
  readonly providerId: string;
  /** Of its provider, as it is now. */
  generation(): Promise<number>;
  readonly serverId: string;
  /** Of the operation that its compute works on. */
  readonly step: { readonly operationId: string; readonly host: string; readonly fence: number };
  /** An operation of its that nobody has taken. */
  readonly pendingId: string;
  readonly lock: { readonly name: string; readonly holder: string; readonly fence: number };
}

/** The services that a compute calls, as they are, on a database of their own; senders are told apart by the transport. */
export class HostileComputeWorld {
  private constructor(
    private readonly database: Database,
    private readonly wire: MemoryWire,
    readonly imageIds: { readonly shared: string; readonly foreign: string },
    private readonly conductor: ConductorManager,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  static async start(): Promise<HostileComputeWorld> {
    const place = await testDatabase();
    const folder = await mkdtemp(join(tmpdir(), "kilonova-hostile-"));
    const owners = [frameworkMigrations, computeMigrations, placementMigrations, networkMigrations, imageMigrations];
    await new Migrator(place.url, owners).migrate();
    const settings = { applicationName: "test", poolSize: 10, connectTimeout: 10_000, statementTimeout: 30_000 };
    const database = await connectDatabase({ ...settings, url: place.url });
    const wire = new MemoryWire();
    const rpc = new Rpc(new MemoryTransport(wire, "services"));
    const conductor = new ConductorManager(
      database,
      database,
      rpc,
      systemClock,
      silentLogger,
      "control",
      new DatabaseServiceRecords(database),
      group,
      { ...conductorOptions.schema.parse({}), stepTimeout: 200 },
      { info: () => {}, error: () => {} },
      noMetrics,
    );
    const network = new FlatManager(database, networkOptions.schema.parse({}));
    await network.initHost();
    const imageSettings = imageOptions.schema.parse({});
    const store = new FileStore(imageSettings, folder);
    const image = new ImageManager(database, systemClock, silentLogger, imageSettings, store);
    const placement = new PlacementManager(database, placementOptions.schema.parse({}));
    const managers: Readonly<Record<string, Manager>> = { conductor, network, image, placement };
    for (const [topic, manager] of Object.entries(managers)) {
      const endpoints = [manager, ...manager.additionalEndpoints].map((object) => endpointOf(object));
      await rpc.serve({ topic, server: "control" }, endpoints);
    }
    const imageIds = { shared: await makeImage(database, "public"), foreign: await makeImage(database, "private") };
    return new HostileComputeWorld(database, wire, imageIds, conductor, async () => {
      await database.$client.end();
      await place.drop();
      await rm(folder, { recursive: true });
    });
  }

  /** A new host with a server that is being built on it. */
  async host(): Promise<KnownHost> {
    const name = `host-${randomUUID().slice(0, 8)}`;
    const by = clientsOf(new Rpc(new MemoryTransport(this.wire, boundUser("compute", name))));
    const context = RequestContext.admin();
    const node = { ...computeNode(name), id: computeNodeId(name, name) };
    await by.conductor.saveComputeNode(context, { node });
    const registration = { binary: "kilonova-compute", topic: "compute", host: name, contracts: {} };
    const { id: serviceId } = await by.framework.registerService(context, registration);
    const provider = { id: node.id, name, parentId: null };
    const made = value(await by.placement.ensureProvider(context, provider));
    value(
      await by.placement.setInventories(context, {
        providerId: node.id,
        generation: made.generation,
        inventories: { VCPU: INVENTORY },
      }),
    );
    const [built, pending] = [await this.#serverOn(name, node.id), await this.#serverOn(name, node.id)];
    const taking = { operationId: built.operationId, host: name, owner: "compute-life" };
    const taken = value(await by.conductor.takeOperation(context, taking));
    const step = { operationId: built.operationId, host: name, fence: taken.operation.fence };
    const asked = { serverId: built.serverId, projectId: "project", host: name, networks: "auto" as const };
    value(await by.network.allocateForServer(context, { ...asked, fence: step.fence }));
    await by.framework.writeDriverState(context, { driver: DRIVER, host: name, key: "ids", value: 1, version: 0 });
    const lock = { name: `${LOCK} ${name}`, holder: randomUUID() };
    const { fence } = value(await by.framework.acquireLock(context, { ...lock, lease: LEASE }));
    return {
      name,
      by,
      serviceId,
      providerId: node.id,
      generation: async () => value(await by.placement.ensureProvider(context, provider)).generation,
      serverId: built.serverId,
      step,
      pendingId: pending.operationId,
      lock: { ...lock, fence },
    };
  }

  /** Everything that stands in the database. */
  async all(): Promise<Readonly<Record<string, unknown>>> {
    await this.conductor.idle();
    const { rows } = await this.database.$client.query(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    const names = z.array(z.object({ name: z.string() })).parse(rows);
    const contents = names.map(async ({ name }) => {
      const found = await this.database.$client.query(
        `select coalesce(json_agg(t order by t::text), '[]') from ${name} t`,
      );
      return [name, found.rows] as const;
    });
    return Object.fromEntries(await Promise.all(contents));
  }

  async stop(): Promise<void> {
    await this.conductor.idle();
    await this.cleanUp();
  }

  async #serverOn(host: string, providerId: string) {
    const created = value(await createServers(this.database, createRequest()));
    const [operation] = created.operations;
    if (!operation) throw new Error("one was asked for");
    const { id: operationId, serverId } = operation;
    const [taken] = await takeForConductor(this.database, { owner: "test", lease: LEASE }, [operationId]);
    const fence = taken?.operation.fence ?? 0;
    const at = new Date().toISOString();
    const event = {
      event: "conductor_schedule",
      host: null,
      startedAt: at,
      finishedAt: at,
      result: "Success" as const,
      details: null,
    };
    const claim = { consumerId: serverId, fence, projectId: "project", userId: "user", providerId };
    const services = clientsOf(new Rpc(new MemoryTransport(this.wire, "conductor")));
    const allocations = [{ providerId, resources: { VCPU: 1 } }];
    value(await services.placement.claim(RequestContext.admin(), { claims: [{ ...claim, allocations }] }));
    const destination = { host, node: host, providerId, allocations };
    const placement = { operationId, fence, destination, alternates: [], event };
    await placeServers(this.database, [placement], LEASE);
    return { operationId, serverId };
  }
}

const INVENTORY = { total: 8, reserved: 0, minUnit: 1, maxUnit: 8, stepSize: 1, allocationRatio: 1 };

function clientsOf(rpc: Rpc) {
  return {
    conductor: rpc.client(conductorContract).call,
    framework: rpc.client(frameworkContract).call,
    placement: rpc.client(placementContract).call,
    network: rpc.client(networkContract).call,
    image: rpc.client(imageContract).call,
  };
}

async function makeImage(database: Database, visibility: "public" | "private"): Promise<string> {
  const id = randomUUID();
  await database.$client.query(
    `insert into image.images (id, status, visibility, owner_id, min_disk, min_ram, protected, hidden, tags, properties,
       disk_format, container_format, data_id, size, checksum, sha512)
     values ($1, 'active', $2, 'another', 0, 0, false, false, '{}', '{}', 'raw', 'bare', $1, 1, 'md5', 'sha512')`,
    [id, visibility],
  );
  return id;
}

type Answer<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: string };

function value<Value>(answer: Answer<Value>): Value {
  if (answer.ok) return answer.value;
  throw new Error(answer.refusal);
}
