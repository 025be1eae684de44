import { randomUUID } from "node:crypto";
import { computeMigrations } from "@kilonova/compute-store";
import { placementContract, schedulerContract } from "@kilonova/contracts";
import { Runtime, Service } from "@kilonova/core";
import { connectDatabase, type Database, databaseOf, frameworkMigrations, Migrator } from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { RequestContext } from "@kilonova/messaging";
import { placementMigrations, placementOptions } from "@kilonova/placement";
import { sampleRequestSpec } from "@kilonova/plugin-testing";
import { schedulerOptions } from "@kilonova/scheduler";
import { type Capacity, makeHostKnown } from "./known-host.js";

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

  /** A host with its provider, hypervisor and a compute service that has just reported. @returns the provider's id */
  async addHost(host: string, capacity: Capacity): Promise<string> {
    const { context, placement, database, runtime } = this;
    const registry = { context, placement, database, serviceRecords: runtime.state.serviceRecords };
    return (await makeHostKnown(registry, host, capacity)).providerId;
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
