import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { placementContract, schedulerContract } from "@kilonova/contracts";
import type { Runtime } from "@kilonova/core";
import { connectDatabase, type Database, DatabaseServiceRecords } from "@kilonova/database";
import { RequestContext } from "@kilonova/messaging";
import { type Capacity, makeHostKnown } from "../contracts/known-host.js";
import { CloudProcess } from "./cloud-process.js";
import { runtimeOfTest } from "./runtime-of-test.js";
import { type ProcessName, SeparateProcesses } from "./separate-processes.js";

/** Milliseconds between two reports of a host's, as a compute's by default. */
const REPORT_EVERY = 10_000;

interface Parts {
  readonly schedulers: number;
  /** How many processes there are with placement alone. */
  readonly placements: number;
  /** What else runs. */
  readonly others: readonly ProcessName[];
}

/**
 * Schedulers, each a process of its own, with what they need, over RabbitMQ and PostgreSQL. What computes would tell of
 * themselves, the test tells.
 */
export class SchedulingCloud {
  readonly context = RequestContext.admin();
  readonly #processes = new Map<string, CloudProcess>();
  readonly #services: string[] = [];
  readonly #records: DatabaseServiceRecords;
  readonly #reports: NodeJS.Timeout;

  private constructor(
    private readonly cloud: SeparateProcesses,
    private readonly runtime: Runtime,
    readonly database: Database,
    /** The names of the schedulers' hosts. */
    readonly schedulers: readonly string[],
  ) {
    this.#records = new DatabaseServiceRecords(database);
    this.#reports = setInterval(() => void this.#report(), REPORT_EVERY);
  }

  static async start({ schedulers, placements, others }: Parts): Promise<SchedulingCloud> {
    const cloud = await SeparateProcesses.prepare("fake");
    const runtime = await runtimeOfTest({ url: process.env["KILONOVA_TEST_AMQP_URL"] });
    const database = await connectDatabase({
      url: cloud.databaseUrl,
      applicationName: "test",
      poolSize: 8,
      connectTimeout: 10_000,
      statementTimeout: 30_000,
    });
    const started = new SchedulingCloud(cloud, runtime, database, numbered("scheduler", schedulers));
    try {
      await cloud.migrate();
      await Promise.all([
        ...others.map((name) => cloud.startProcess(name)),
        ...numbered("placement", placements).map((name) => started.#serve("placement", name)),
        ...started.schedulers.map(async (name) => {
          await started.configure(name, {});
          await started.startScheduler(name);
        }),
      ]);
      return started;
    } catch (error) {
      await started.destroy();
      throw error;
    }
  }

  get placement() {
    return this.runtime.rpc.client(placementContract).call;
  }

  /** The scheduler of that name; without one, whichever takes the call. */
  scheduler(name?: string) {
    const client = this.runtime.rpc.client(schedulerContract);
    return (name === undefined ? client : client.prepare({ server: name })).call;
  }

  process(name: string): CloudProcess {
    const found = this.#processes.get(name);
    if (!found) throw new Error(`${name} was never started`);
    return found;
  }

  /** Runs the command as an administrator would. Answers the exit code, and what it printed. */
  async command(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const command = CloudProcess.launch(args, { cwd: this.cloud.folder });
    const code = await command.exit();
    return { code, output: command.output };
  }

  /** Writes a scheduler's own configuration file, which it reads when it starts and at SIGHUP. */
  async configure(name: string, options: Readonly<Record<string, unknown>>): Promise<void> {
    await writeFile(this.#file(name), JSON.stringify(options));
  }

  /** Starts a scheduler, or starts it again after it was ended. */
  startScheduler(name: string): Promise<void> {
    return this.#serve("scheduler", name, ["--config-file", this.#file(name)]);
  }

  /** A host that reports that it is up until the end. @returns its provider's id */
  async addHost(name: string, capacity: Capacity): Promise<string> {
    const { context, placement, database } = this;
    const registry = { context, placement, database, serviceRecords: this.#records };
    const { providerId, serviceId } = await makeHostKnown(registry, name, capacity);
    this.#services.push(serviceId);
    return providerId;
  }

  async destroy(): Promise<void> {
    clearInterval(this.#reports);
    await Promise.all([...this.#processes.values()].map((process) => process.end("SIGTERM")));
    await this.runtime.close();
    await this.database.$client.end();
    await this.cloud.destroy();
  }

  async #serve(topic: string, name: string, more: readonly string[] = []): Promise<void> {
    const files = ["--config-file", this.#file("services"), ...more];
    const args = ["serve", topic, ...files, "--service.host", name];
    this.#processes.set(name, await CloudProcess.start(args, { cwd: this.cloud.folder }));
  }

  #file(name: string): string {
    return join(this.cloud.folder, `${name}.config.json`);
  }

  async #report(): Promise<void> {
    for (const id of this.#services) await this.#records.report(id).catch(() => undefined);
  }
}

function numbered(what: string, howMany: number): readonly string[] {
  return Array.from({ length: howMany }, (_, index) => `${what}${index + 1}`);
}
