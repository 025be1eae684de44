import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedCloud } from "../e2e/embedded-cloud.js";
import { type CloudCase, type MeasuredCloud, ROOMY } from "./measured-cloud.js";

const LOG_LINES = 40;

/** Everything in one process, with a PostgreSQL of its own. */
export const embeddedCase: CloudCase = {
  name: "embedded",
  prepare: async () => new MeasuredEmbeddedCloud(),
};

class MeasuredEmbeddedCloud implements MeasuredCloud {
  #started: EmbeddedCloud | undefined;

  get cloudsFile(): string {
    return this.#cloud.cloudsFile;
  }

  async start(): Promise<void> {
    if (this.#started) return this.#started.startAgain();
    this.#started = await EmbeddedCloud.start("fake", ROOMY);
  }

  async stop(): Promise<void> {
    const exitCode = await this.#cloud.process.end();
    if (exitCode !== 0) throw new Error(`kilonova up ended with ${exitCode}`);
  }

  async processes() {
    const { pid } = this.#cloud.process.child;
    const file = await readFile(join(this.#cloud.stateFolder, "postgresql", "data", "postmaster.pid"), "utf8");
    return { node: pid === undefined ? [] : [pid], postgresql: [Number.parseInt(file, 10)] };
  }

  async output(): Promise<string> {
    if (!this.#started) return "";
    const log = await readFile(join(this.#started.stateFolder, "kilonova.log"), "utf8").catch(() => "");
    return [this.#started.process.output, ...log.trimEnd().split("\n").slice(-LOG_LINES)].join("\n");
  }

  async destroy(): Promise<void> {
    const cloud = this.#started;
    this.#started = undefined;
    await cloud?.destroy();
  }

  get #cloud(): EmbeddedCloud {
    if (!this.#started) throw new Error("the cloud was never started");
    return this.#started;
  }
}
