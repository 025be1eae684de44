import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@kilonova/database/testing";
import { type RabbitMqServer, startRabbitMq } from "#servers/rabbitmq.mjs";
import { PROCESS_NAMES, SeparateProcesses } from "../e2e/separate-processes.js";
import { type CloudCase, type MeasuredCloud, ROOMY } from "./measured-cloud.js";

const AMQP_URL = "KILONOVA_TEST_AMQP_URL";

/**
 * Separate processes, two computes among them, over RabbitMQ and a PostgreSQL whose commits wait for the disk. The
 * RabbitMQ is a throw-away one, unless the environment names another.
 */
export const rabbitmqPostgresqlCase: CloudCase = {
  name: "rabbitmq-postgresql",
  prepare: async () => {
    const rabbitmq = process.env[AMQP_URL] ? undefined : await startRabbitMq();
    try {
      const postgres = await startThrowAwayPostgres({ fsync: true });
      const ground = { postgres: Promise.resolve(postgres), ...(rabbitmq ? { brokerUrl: rabbitmq.url } : {}) };
      const cloud = await SeparateProcesses.prepare("fake", ROOMY, ground);
      return new MeasuredProcesses(cloud, postgres, rabbitmq);
    } catch (error) {
      await rabbitmq?.stop();
      throw error;
    }
  },
};

class MeasuredProcesses implements MeasuredCloud {
  #isMigrated = false;
  #destroyed: Promise<void> | undefined;

  constructor(
    private readonly cloud: SeparateProcesses,
    private readonly postgres: ThrowAwayPostgres,
    private readonly rabbitmq: RabbitMqServer | undefined,
  ) {}

  get cloudsFile(): string {
    return this.cloud.cloudsFile;
  }

  async start(): Promise<void> {
    if (!this.#isMigrated) await this.cloud.migrate();
    this.#isMigrated = true;
    await Promise.all(PROCESS_NAMES.map((name) => this.cloud.startProcess(name)));
  }

  async stop(): Promise<void> {
    await Promise.all(PROCESS_NAMES.map((name) => this.cloud.process(name).end()));
  }

  async processes() {
    const node = PROCESS_NAMES.map((name) => this.cloud.process(name).child.pid).filter((pid) => pid !== undefined);
    const rabbitmq = this.rabbitmq ? { rabbitmq: this.rabbitmq.pids } : {};
    return { node, postgresql: [this.postgres.pid], ...rabbitmq };
  }

  async output(): Promise<string> {
    return PROCESS_NAMES.map((name) => `--- ${name}\n${this.#outputOf(name)}`).join("\n");
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async #destroy(): Promise<void> {
    try {
      await this.cloud.destroy();
    } finally {
      await this.rabbitmq?.stop();
    }
  }

  #outputOf(name: (typeof PROCESS_NAMES)[number]): string {
    try {
      return this.cloud.process(name).output;
    } catch {
      return "(did not get ready)";
    }
  }
}
