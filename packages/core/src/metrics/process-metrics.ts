import { messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { withinTime } from "../time/within-time.js";
import type { MetricGroup, MetricSample, Metrics } from "./metrics.js";
import { RpcMetrics } from "./rpc-metrics.js";

/** Milliseconds that a reading may take: less than any scrape waits. */
const READING_TIME = 2_000;

/** Reads, and answers what writes it down. */
type Source = () => Promise<() => void>;

/** The metrics of one process, in a registry of their own, as Prometheus reads them. */
export class ProcessMetrics implements Metrics {
  readonly rpc: RpcMetrics;
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, Gauge | Counter>();
  readonly #sources: Source[] = [];
  readonly #failures: Counter;
  #scrape: Promise<string> | undefined;

  constructor(private readonly logger: Logger) {
    collectDefaultMetrics({ register: this.#registry });
    this.rpc = new RpcMetrics(this.#registry, this);
    this.#failures = new Counter({
      name: "kilonova_metrics_failures_total",
      help: "Readings of metrics that failed or took too long: what they had to tell was left out.",
      registers: [this.#registry],
    });
  }

  /** What `contentType` names: `text/plain; version=0.0.4; charset=utf-8`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  add<Name extends string, Label extends string>(
    { labels, metrics }: MetricGroup<Name, Label>,
    read: () => readonly MetricSample<Name, Label>[] | Promise<readonly MetricSample<Name, Label>[]>,
  ): void {
    for (const name of Object.keys(metrics) as Name[]) {
      if (this.#metrics.has(name)) continue;
      const { type, help } = metrics[name];
      const settings = { name, help, labelNames: labels, registers: [this.#registry] };
      this.#metrics.set(name, type === "gauge" ? new Gauge(settings) : new Counter(settings));
    }
    this.#sources.push(async () => {
      const samples = await read();
      return () => {
        for (const { labels: own, values } of samples) this.#write(own, values);
      };
    });
  }

  /** All metrics in Prometheus's text. Who asks while it is being written gets the same. */
  text(): Promise<string> {
    this.#scrape ??= this.#writeAll().finally(() => {
      this.#scrape = undefined;
    });
    return this.#scrape;
  }

  async #writeAll(): Promise<string> {
    const written = await Promise.all(this.#sources.map((source) => this.#read(source)));
    for (const metric of this.#metrics.values()) metric.reset();
    for (const write of written) this.#tried(write);
    return this.#registry.metrics();
  }

  /** What cannot be written, such as a counter below nothing, costs no other its place. */
  #tried(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.logger.debug({ error: messageOf(error) }, "metrics could not be written");
      this.#failures.inc();
    }
  }

  async #read(source: Source): Promise<() => void> {
    try {
      return await withinTime(source(), READING_TIME, `it took more than ${READING_TIME} ms`);
    } catch (error) {
      this.logger.debug({ error: messageOf(error) }, "a reading of metrics failed");
      this.#failures.inc();
      return () => {};
    }
  }

  #write(labels: Readonly<Record<string, string>>, values: Readonly<Partial<Record<string, number>>>): void {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      if (!Number.isFinite(value)) throw new RangeError(`${name} is no number`);
      this.#metrics.get(name)?.inc(labels, value);
    }
  }
}
