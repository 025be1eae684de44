import { computeMigrations } from "@kilonova/compute-store";
import { type Placement, placementContract, type Scheduler, schedulerContract } from "@kilonova/contracts";
import { Runtime, SERVICE_RECORDS, Service, type ServiceRecords } from "@kilonova/core";
import { connectDatabase, type Database, databaseOf, frameworkMigrations, Migrator } from "@kilonova/database";
import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@kilonova/database/testing";
import { type Args, ok, RequestContext, type Result, type RpcClient } from "@kilonova/messaging";
import { PlacementManager, placementMigrations, placementOptions } from "@kilonova/placement";
import { manager, rpcMethod } from "@kilonova/plugin-api";
import { schedulerOptions } from "@kilonova/scheduler";

/** So many hosts are written by one statement. */
const PORTION = 5_000;

/** Whether claims are made: without them a scheduler is measured alone. */
const claiming = { isOn: true };

/** Placement, which takes every claim without making it where that is said. */
@manager(placementContract)
export class BenchPlacement extends PlacementManager {
  @rpcMethod()
  override async claim(context: RequestContext, args: Args<Placement, "claim">): Promise<Result<Placement, "claim">> {
    return claiming.isOn ? super.claim(context, args) : ok();
  }

  @rpcMethod()
  override async claimEach(
    context: RequestContext,
    args: Args<Placement, "claimEach">,
  ): Promise<Result<Placement, "claimEach">> {
    if (claiming.isOn) return super.claimEach(context, args);
    return args.claims.map(() => ({
      ok: true,
      refusal: null,
      consumerId: null,
      providerId: null,
      resourceClass: null,
    }));
  }
}

/** A scheduler and placement in one process, on a PostgreSQL of their own with so many hosts. */
export class SchedulerBench {
  /** MiB that the scheduler's view of the hosts takes. */
  memory = 0;
  readonly #scheduler: RpcClient<Scheduler>["call"];
  #consumers: string[] = [];

  private constructor(
    private readonly runtime: Runtime,
    private readonly postgres: ThrowAwayPostgres,
    private readonly database: Database,
    private readonly services: readonly Service[],
  ) {
    this.#scheduler = runtime.rpc.client(schedulerContract).call;
  }

  static async start(hosts: number): Promise<SchedulerBench> {
    const postgres = await startThrowAwayPostgres({ fsync: true });
    const { url } = await postgres.createDatabase();
    await new Migrator(url, [frameworkMigrations, computeMigrations, placementMigrations]).migrate();
    const database = await connectDatabase({
      url,
      applicationName: "bench",
      poolSize: 10,
      connectTimeout: 10_000,
      statementTimeout: 120_000,
    });
    await writeHosts(database, hosts);
    const runtime = await Runtime.create({
      argv: [],
      env: {},
      searchFolders: [],
      groups: [placementOptions, schedulerOptions],
      overrides: {
        log: { level: "error" },
        placement: { manager: `${import.meta.filename}#BenchPlacement` },
        // Services that nobody runs stay up while it is measured.
        service: { downTime: "1h" },
      },
      places: [import.meta.url],
    });
    runtime.container.register(databaseOf("placement"), database);
    runtime.container.register(databaseOf("compute"), database);
    runtime.container.register(SERVICE_RECORDS, withComputes(runtime.state.serviceRecords, hosts));
    const services = [await serve(runtime, "placement")];
    const before = memoryInUse();
    services.push(await serve(runtime, "scheduler"));
    const bench = new SchedulerBench(runtime, postgres, database, services);
    bench.memory = memoryInUse() - before;
    return bench;
  }

  set isClaiming(isOn: boolean) {
    claiming.isOn = isOn;
  }

  selectDestinations(args: Args<Scheduler, "selectDestinations">): Promise<Result<Scheduler, "selectDestinations">> {
    return this.#scheduler.selectDestinations(RequestContext.admin(), args);
  }

  /** A server that was placed. */
  note(serverId: string): void {
    this.#consumers.push(serverId);
  }

  /** Frees what servers have taken, so that hosts do not fill up. */
  async giveBack(): Promise<void> {
    if (claiming.isOn && this.#consumers.length > 0) {
      await this.database.$client.query("DELETE FROM placement.allocations");
      await this.database.$client.query("UPDATE placement.inventories SET used = 0 WHERE used > 0");
      await this.database.$client.query(
        "UPDATE placement.providers SET consumers = 0, generation = generation + 1, changed = pg_current_xact_id()::text::bigint WHERE consumers > 0",
      );
    }
    this.#consumers = [];
  }

  async stop(): Promise<void> {
    for (const service of [...this.services].reverse()) await service.stop();
    await this.runtime.close();
    await this.database.$client.end();
    await this.postgres.stop();
  }
}

async function serve(runtime: Runtime, topic: string): Promise<Service> {
  const service = await Service.create({ runtime, binary: `kilonova-${topic}`, host: "bench" });
  await service.serve();
  return service;
}

/** The records of a process, and those of so many computes that have just reported. */
function withComputes(records: ServiceRecords, hosts: number): ServiceRecords {
  const now = new Date().toISOString();
  const computes = Array.from({ length: hosts }, (_, number) => ({
    id: `compute-${number}`,
    binary: "kilonova-compute",
    topic: "compute",
    host: `host${number}`,
    contracts: {},
    disabled: false,
    disabledReason: null,
    forcedDown: false,
    createdAt: now,
    updatedAt: now,
    lastSeenAt: now,
    silentFor: 0,
  }));
  return {
    register: (service) => records.register(service),
    report: (id) => records.report(id),
    remove: (id) => records.remove(id),
    list: async (topic) => (topic === "compute" ? computes : await records.list(topic)),
  };
}

/** MiB, after what nobody holds has gone. */
function memoryInUse(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** Hosts of four sizes, in three aggregates that are zones, as their computes would make them known. */
async function writeHosts(database: Database, hosts: number): Promise<void> {
  for (let from = 0; from < hosts; from += PORTION) {
    const to = Math.min(hosts, from + PORTION) - 1;
    for (const statement of STATEMENTS) await database.$client.query(statement, [from, to]);
  }
  await database.$client.query("ANALYZE");
}

const STATEMENTS = [
  `INSERT INTO placement.providers (id, name, root_id, generation, changed)
   SELECT id, name, id, 1, pg_current_xact_id()::text::bigint
   FROM (SELECT md5('host' || n)::uuid::text AS id, 'host' || n AS name FROM generate_series($1::int, $2::int) AS n) AS h`,
  `INSERT INTO placement.inventories
     (provider_id, resource_class, total, reserved, min_unit, max_unit, step_size, allocation_ratio)
   SELECT md5('host' || n)::uuid::text, class, amount * (1 + n % 4), 0, 1, amount * (1 + n % 4), 1, 1
   FROM generate_series($1::int, $2::int) AS n,
     (VALUES ('VCPU', 100000), ('MEMORY_MB', 200000000), ('DISK_GB', 1000000)) AS size (class, amount)`,
  `INSERT INTO compute.compute_nodes (id, host, hypervisor_hostname, hypervisor_type, hypervisor_version, host_ip, vcpus,
     vcpus_used, memory_mb, memory_mb_used, disk_gb, disk_gb_used, running_servers, cpu_info)
   SELECT md5('host' || n)::uuid, 'host' || n, 'host' || n, 'fake', 1, '192.0.2.1', 512, 0, 1048576, 0, 20000, 0, 0, '{}'
   FROM generate_series($1::int, $2::int) AS n`,
];
