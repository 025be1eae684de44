import { request } from "node:http";
import { join } from "node:path";
import { z } from "zod";
import { PROCESS_NAMES, type ProcessName, type SeparateProcesses } from "./separate-processes.js";

const readinessSchema = z.object({ checks: z.record(z.string(), z.string()) });

/** A value of a metric: its labels as they are written, `kind="call",topic="compute"`. */
export interface Measured {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** A cloud of separate processes each of which answers `/metrics`, `/healthz` and `/readyz` on a socket of its own. */
export class WatchedProcesses {
  constructor(private readonly cloud: SeparateProcesses) {}

  /** Starts all of them, one after the other. */
  async start(): Promise<void> {
    for (const name of PROCESS_NAMES) await this.cloud.startProcess(name, ["--admin.listen", this.#socket(name)]);
  }

  /** @throws for a line that Prometheus would not understand */
  async metrics(name: ProcessName): Promise<readonly Measured[]> {
    const { body } = await this.ask(name, "/metrics");
    return body
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [, metric = "", labels = "", value] = LINE.exec(line) ?? [];
        if (value === undefined) throw new Error(`${name}: no metric: ${line}`);
        return { name: metric, labels, value: Number(value) };
      });
  }

  /** What `/readyz` says is wrong, with the status before it; `200` alone where nothing is. */
  async readiness(name: ProcessName): Promise<string> {
    const { status, body } = await this.ask(name, "/readyz");
    const { checks } = readinessSchema.parse(JSON.parse(body));
    const wrong = Object.keys(checks).filter((check) => checks[check] !== "ok");
    return [status, ...wrong].join(" ");
  }

  ask(name: ProcessName, path: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#socket(name), path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.once("error", reject).end();
    });
  }

  #socket(name: ProcessName): string {
    return join(this.cloud.folder, `${name}.sock`);
  }
}

/** Go reads numbers as Prometheus does: in small letters and capitals. */
const LINE = /^([a-z_]+[a-z0-9_]*)(?:\{(.*)\})? (-?[0-9.eE+-]+|Nan|\+Inf)$/i;
