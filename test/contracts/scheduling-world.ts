import { randomUUID } from "node:crypto";
import { computeMigrations, saveComputeNode } from "@kilonova/compute-store";
import { placementContract, schedulerContract } from "@kilonova/contracts";
import { Runtime, Service } from "@kilonova/core";
import { connectDatabase, type Database, databaseOf, frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { RequestContext } from "@kilonova/messaging";
import { placementMigrations, placementOptions } from "@kilonova/placement";
import { sampleRequestSpec } from "@kilonova/plugin-testing";
import { schedulerOptions } from "@kilonova/scheduler";

export interface Capacity {
  readonly VCPU: number;
  readonly MEMORY_MB: number;
  readonly DISK_GB: number;
}

/** Placement and schedulers as services of one process, on a PostgreSQL and a transport in memory. */
export class SchedulingWorld {
  readonly context = RequestContext.admin();
  readonly #services: Service[] = [];

  private constructor(
    readonly runtime: Runtime,
    readonly database: Database,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(schedulers: number): Promise<SchedulingWorld> {
    const test = await testDatabase();
    await new Migrator(test.url, [frameworkMigrations, computeMigrations, placementMigrations]).migrate();
    const database = await connectDatabase({
      url: test.url,
      applicationName: "test",
      poolSize: 12,
      connectTimeout: 10_000,
      statementTimeout: 30_000,
    });
    const runtime = await Runtime.create({
      argv: [],
      env: {},
      searchFolders: [],
      groups: [placementOptions, schedulerOptions],
      overrides: { log: { level: "warn" } },
      places: [import.meta.url],
    });
    runtime.container.register(databaseOf("placement"), database);
    runtime.container.register(databaseOf("compute"), database);
    const world = new SchedulingWorld(runtime, database, test.drop);
    await world.#serve("placement", "control");
    for (let index = 0; index < schedulers; index++) await world.#serve("scheduler", `control${index}`);
    return world;
  }

  get placement() {
    return this.runtime.rpc.client(placementContract).call;
  }

  /** The scheduler on that host. */
  scheduler(index = 0) {
    return this.runtime.rpc.client(schedulerContract).prepare({ server: `control${index}` }).call;
  }

  /** A host with its provider, hypervisor and a compute service that has just reported. */
  async addHost(host: string, capacity: Capacity): Promise<string> {
    const id = randomUUID();
    const made = await this.placement.ensureProvider(this.context, { id, name: host, parentId: null });
    if (!made.ok) throw new Error(made.refusal);
    const unit = { reserved: 0, minUnit: 1, stepSize: 1, allocationRatio: 1 };
    const inventories = Object.fromEntries(
      Object.entries(capacity).map(([name, total]: [string, number]) => [name, { ...unit, total, maxUnit: total }]),
    );
    await this.placement.setInventories(this.context, {
      providerId: id,
      generation: made.value.generation,
      inventories,
    });
    await saveComputeNode(this.database, {
      id,
      host,
      hypervisorHostname: host,
      hypervisorType: "fake",
      hypervisorVersion: 1,
      hostIp: "127.0.0.1",
      vcpus: capacity.VCPU,
      vcpusUsed: 0,
      memoryMb: capacity.MEMORY_MB,
      memoryMbUsed: 0,
      diskGb: capacity.DISK_GB,
      diskGbUsed: 0,
      runningServers: 0,
      cpuInfo: {},
      uptime: null,
    });
    const { serviceRecords } = this.runtime.state;
    const record = await serviceRecords.register({ binary: "kilonova-compute", topic: "compute", host, contracts: {} });
    await serviceRecords.report(record.id);
    return id;
  }

  /** Asks a scheduler for hosts for new servers. */
  async select(size: { vcpus: number; memoryMb: number }, options: { scheduler?: number; servers?: number } = {}) {
    const servers = Array.from({ length: options.servers ?? 1 }, () => ({ serverId: randomUUID(), fence: 1 }));
    const requestSpec = sampleRequestSpec({ flavor: { ...size, rootGb: 1 } });
    return this.scheduler(options.scheduler).selectDestinations(this.context, {
      requestSpec,
      servers,
      alternates: 2,
      ignoredHosts: [],
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.runtime.close();
    await this.database.$client.end();
    await this.drop();
  }

  async #serve(topic: string, host: string): Promise<void> {
    const service = await Service.create({ runtime: this.runtime, binary: `kilonova-${topic}`, host });
    this.#services.push(service);
    await service.serve();
  }
}
