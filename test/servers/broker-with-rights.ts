import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runCommand } from "../e2e/refused-command.js";
import { type RabbitMqServer, startRabbitMq } from "./rabbitmq.mjs";

const definitionsSchema = z.object({
  permissions: z.array(z.looseObject({ user: z.string() })),
  topic_permissions: z.array(z.looseObject({ user: z.string() })),
});

/** A RabbitMQ in which each process has a user of its own, with the rights that `kilonova rpc permissions` prints. */
export class BrokerWithRights {
  private constructor(
    private readonly server: RabbitMqServer,
    readonly folder: string,
    private readonly passwords: ReadonlyMap<string, string>,
  ) {}

  /** @param args what `kilonova rpc permissions` is told */
  static async start(...args: readonly string[]): Promise<BrokerWithRights> {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-rights-"));
    const server = await startRabbitMq();
    try {
      await writeConfiguration(folder, server.url);
      const printed = await kilonova(folder, "permissions", "--json", ...args);
      const users = definitionsSchema.parse(JSON.parse(printed)).permissions.map(({ user }) => user);
      const passwords = new Map(users.map((user) => [user, randomBytes(18).toString("base64url")]));
      const accounts = [...passwords].map(([name, password]) => ({ name, password, tags: "" }));
      await server.shell("rabbitmqctl import_definitions", JSON.stringify({ users: accounts }));
      await server.shell("rabbitmqctl import_definitions", printed);
      const broker = new BrokerWithRights(server, folder, passwords);
      await writeConfiguration(folder, broker.urlOf("operator"));
      await kilonova(folder, "declare");
      return broker;
    } catch (error) {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  urlOf(user: string): string {
    const password = this.passwords.get(user);
    if (password === undefined) throw new Error(`no rights were printed for ${user}`);
    return `amqp://${user}:${password}@127.0.0.1:${this.server.port}`;
  }

  /** Runs `kilonova rpc …` as the operator. @throws with what it printed where it fails */
  rpc(...args: readonly string[]): Promise<string> {
    return kilonova(this.folder, ...args);
  }

  /** A line of a shell, in which `rabbitmqctl` is this broker's. */
  shell(line: string): Promise<string> {
    return this.server.shell(line);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function writeConfiguration(folder: string, url: string): Promise<void> {
  const config = { transport: { driver: "@kilonova/transport-rabbitmq#RabbitmqTransport" }, rabbitmq: { url } };
  await writeFile(join(folder, "kilonova.config.json"), JSON.stringify(config), { mode: 0o600 });
}

async function kilonova(cwd: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand({ args: ["rpc", ...args], cwd });
  if (exitCode !== 0) throw new Error(`kilonova rpc ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}
