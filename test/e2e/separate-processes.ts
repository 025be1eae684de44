import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@kilonova/database/testing";
import { holdBroker } from "./broker-lock.js";
import { brokerOptions } from "./broker-options.js";
import { CloudProcess } from "./cloud-process.js";
import { DEVICE_OPTIONS, type Devices } from "./embedded-cloud.js";
import { OpenstackClient } from "./openstack-client.js";
import { type CommandResult, runCommand } from "./refused-command.js";

/** What runs in which process: deployment (b) of the tests. */
const PROCESSES = {
  conductor: ["conductor"],
  control: ["identity", "image", "placement", "network"],
  scheduler: ["scheduler"],
  compute1: ["compute"],
  compute2: ["compute"],
  api: ["api"],
} as const;

/** So many characters of what a process printed are told of it when it has ended. */
const LAST_WORDS = 3_000;

/** Values of options by group and option. */
export type OptionValues = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What a cloud stands on. */
export interface Ground {
  /** Stopped by `destroy`. */
  readonly postgres?: Promise<ThrowAwayPostgres>;
  /** A broker that nobody else uses, RabbitMQ or PostgreSQL; else it is the one that all tests share, one after the other. */
  readonly brokerUrl?: string;
  /** The address of that broker for a process, which has a user of its own there. */
  readonly brokerUrlOf?: (name: ProcessName) => string;
}

export type ProcessName = keyof typeof PROCESSES;
export const PROCESS_NAMES = Object.keys(PROCESSES) as readonly ProcessName[];

/** A cloud of separate processes over a broker and PostgreSQL, in a temporary folder. */
export class SeparateProcesses {
  readonly #running = new Map<ProcessName, CloudProcess>();

  private constructor(
    readonly folder: string,
    private readonly postgres: ThrowAwayPostgres,
    private readonly ports: { readonly control: number; readonly api: number },
    private readonly more: readonly string[],
    readonly databaseUrl: string,
    private readonly letGoOfBroker: () => Promise<void>,
    private readonly brokerUrlOf: Ground["brokerUrlOf"],
  ) {}

  /** @param options see `configure` */
  static async start(
    devices: Devices,
    more: readonly string[] = [],
    options: OptionValues = {},
    ground: Ground = {},
  ): Promise<SeparateProcesses> {
    const cloud = await SeparateProcesses.prepare(devices, more, ground);
    try {
      await cloud.configure(options);
      await cloud.migrate();
      for (const name of PROCESS_NAMES) await cloud.startProcess(name);
      return cloud;
    } catch (error) {
      await cloud.destroy();
      throw error;
    }
  }

  /** A cloud that does not run yet: its servers, ports and configuration are there, its database is empty. */
  static async prepare(
    devices: Devices,
    more: readonly string[] = [],
    { postgres = startThrowAwayPostgres(), brokerUrl, brokerUrlOf }: Ground = {},
  ): Promise<SeparateProcesses> {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-e2e-"));
    const ports = { control: await freePort(), api: await freePort() };
    const server = await postgres;
    const { url } = await server.createDatabase();
    const options = [...DEVICE_OPTIONS[devices], ...more];
    const letGo = brokerUrl === undefined ? await holdBroker(sharedBroker()) : async () => {};
    const cloud = new SeparateProcesses(folder, server, ports, options, url, letGo, brokerUrlOf);
    await cloud.#writeFiles(brokerUrl ?? sharedBroker());
    return cloud;
  }

  /** `kilonova db migrate` @throws with what it printed when it fails */
  async migrate(): Promise<void> {
    const migration = CloudProcess.launch(["db", "migrate", "--config-file", this.#file("services")], {
      cwd: this.folder,
    });
    if ((await migration.exit()) !== 0) throw new Error(migration.output);
  }

  /**
   * Puts groups of options into the file of all processes but the computes, each in place of what it says of that group.
   * Who runs reads it again at SIGHUP.
   */
  async configure(options: OptionValues): Promise<void> {
    const written: object = JSON.parse(await readFile(this.#file("services"), "utf8"));
    await this.#writePrivately("services.config.json", { ...written, ...options });
  }

  /** Runs `kilonova` to its end, where it finds this cloud's `clouds.yaml`: as its administrator. */
  command(...args: readonly string[]): Promise<CommandResult> {
    return runCommand({ args, cwd: this.folder });
  }

  get client(): OpenstackClient {
    return new OpenstackClient(this.cloudsFile, "kilonova");
  }

  /** Where the Compute API is. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }

  get cloudsFile(): string {
    return join(this.folder, "clouds.yaml");
  }

  process(name: ProcessName): CloudProcess {
    const found = this.#running.get(name);
    if (!found) throw new Error(`${name} does not run`);
    return found;
  }

  /** Those that ended by themselves, or were ended and not started again: how, and the last that they printed. */
  get fallen(): readonly string[] {
    return [...this.#running].flatMap(([name, { child, output }]) => {
      const how = child.signalCode ?? child.exitCode;
      return how === null ? [] : [`${name} ended (${how}): ${output.slice(-LAST_WORDS)}`];
    });
  }

  /** Starts one of the processes, or starts it again after it was ended. */
  async startProcess(name: ProcessName, more: readonly string[] = []): Promise<void> {
    const isCompute = name.startsWith("compute");
    const args = [
      "serve",
      ...PROCESSES[name],
      "--config-file",
      this.#file(isCompute ? "computes" : "services"),
      ...(isCompute ? ["--service.host", name] : []),
      ...(name === "control" || name === "api" ? ["--http.port", String(this.ports[name])] : []),
      ...this.more,
      ...more,
    ];
    const url = this.brokerUrlOf?.(name);
    const env: Record<string, string> = url === undefined ? {} : { KILONOVA_RABBITMQ__URL: url };
    this.#running.set(name, await CloudProcess.start(args, { cwd: this.folder, env }));
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#running.values()].map((process) => process.end("SIGTERM")));
    await this.letGoOfBroker();
    await this.postgres.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #file(which: "services" | "computes"): string {
    return join(this.folder, `${which}.config.json`);
  }

  async #writeFiles(brokerUrl: string): Promise<void> {
    const adminPassword = randomBytes(18).toString("base64url");
    const userPassword = randomBytes(18).toString("base64url");
    const control = `http://127.0.0.1:${this.ports.control}`;
    const api = this.apiUrl;
    const shared = {
      ...brokerOptions(brokerUrl),
      http: { identityEndpoint: `${control}/identity/v3` },
      compute: { shutdownTimeout: "1s" },
      qemu: { softRebootTimeout: "1s", instancesPath: join(this.folder, "instances") },
      fake: { statePath: join(this.folder, "fake-guests") },
      log: { level: "warn" },
    };
    const services = {
      ...shared,
      database: { url: this.databaseUrl },
      identity: {
        adminPassword,
        userPassword,
        endpoints: {
          identity: `${control}/identity/v3`,
          image: `${control}/image`,
          network: `${control}/network`,
          compute: `${api}/compute/v2.1`,
        },
      },
      image: { fileStorePath: join(this.folder, "images"), publicEndpoint: control },
    };
    const clouds = Object.fromEntries(
      [["kilonova", "kilonova", userPassword] as const, ["kilonova-admin", "admin", adminPassword] as const].map(
        ([cloud, name, password]) => [
          cloud,
          {
            region_name: "RegionOne",
            identity_api_version: 3,
            auth: {
              auth_url: `${control}/identity/v3`,
              username: name,
              password,
              project_name: name,
              user_domain_name: "Default",
              project_domain_name: "Default",
            },
          },
        ],
      ),
    );
    await this.#writePrivately("services.config.json", services);
    await this.#writePrivately("computes.config.json", shared);
    // JSON is YAML.
    await this.#writePrivately("clouds.yaml", { clouds });
  }

  async #writePrivately(name: string, content: unknown): Promise<void> {
    const path = join(this.folder, name);
    await writeFile(path, JSON.stringify(content, null, 2), { mode: 0o600 });
    await chmod(path, 0o600);
  }
}

function sharedBroker(): string {
  const url = process.env["KILONOVA_TEST_AMQP_URL"];
  if (url) return url;
  throw new Error("KILONOVA_TEST_AMQP_URL is not set: `npm test` sets it to a RabbitMQ of its own");
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
