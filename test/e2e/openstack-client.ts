import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { z } from "zod";

const execute = promisify(execFile);
const TIME_LIMIT = 120_000;

/** What a command of the client ended with. */
export interface ClientResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The OpenStack client as the distribution ships it, with one of the clouds of a `clouds.yaml`. */
export class OpenstackClient {
  constructor(
    private readonly cloudsFile: string,
    private readonly cloud: string,
  ) {}

  /** Another cloud of the same file. */
  as(cloud: string): OpenstackClient {
    return new OpenstackClient(this.cloudsFile, cloud);
  }

  /** Runs a command, whatever it ends with. */
  async attempt(...args: readonly string[]): Promise<ClientResult> {
    // The client is a Python program of the distribution: its Python has to be found before any other.
    const env = {
      PATH: `/usr/bin:${process.env["PATH"] ?? ""}`,
      HOME: process.env["HOME"] ?? "/",
      OS_CLIENT_CONFIG_FILE: this.cloudsFile,
      OS_CLOUD: this.cloud,
    };
    try {
      const { stdout, stderr } = await execute("openstack", [...args], {
        env,
        timeout: TIME_LIMIT,
        maxBuffer: 16 * 2 ** 20,
      });
      return { exitCode: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout = "", stderr = "" } = error as { code?: number | string; stdout?: string; stderr?: string };
      if (typeof code !== "number") throw error;
      return { exitCode: code, stdout, stderr };
    }
  }

  /** Runs a command that has to succeed; answers what it printed. */
  async run(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(...args);
    if (exitCode !== 0) throw new Error(`openstack ${args.join(" ")} ended with ${exitCode}:\n${stderr || stdout}`);
    return stdout;
  }

  /** Runs a command that prints JSON, and reads it. */
  async json<Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]): Promise<z.output<Schema>> {
    return schema.parse(JSON.parse(await this.run(...args, "-f", "json")));
  }
}
