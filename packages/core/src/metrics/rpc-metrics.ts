import { type FailureObserver, isKilonovaError, type RpcObserver, type SeenMessage } from "@kilonova/messaging";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Metrics } from "./metrics.js";

/** Seconds: from a message over the memory transport to the longest build. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const LABELS = ["topic", "contract", "method", "kind", "outcome"] as const;

/** Methods that are told apart, on each side; what comes beyond is measured as one. */
const MOST_SERIES = 2_000;
const OTHER = { topic: "other", contract: "other", method: "other", kind: "other" };

/** What is measured of one method, one way of sending it. */
interface MethodSeries {
  readonly topic: string;
  readonly labels: {
    readonly topic: string;
    readonly contract: string;
    readonly method: string;
    readonly kind: string;
  };
  inFlight: number;
  /** By outcome: what a label costs is paid once. */
  readonly durations: Map<string, { observe(seconds: number): void }>;
}

type Side = "server" | "client";

/**
 * Measures messages as an observer of {@link Rpc}. Labels are bounded: of methods, which anybody may name through the untyped
 * door, so many are told apart, and the outcome is `ok`, `refused` or a code of the one table.
 */
export class RpcMetrics implements Required<RpcObserver> {
  readonly #server: SideMetrics;
  readonly #client: SideMetrics;
  readonly #failures: Counter<"topic" | "code">;

  constructor(registry: Registry, metrics: Metrics) {
    this.#server = new SideMetrics("server", "How long handlers worked on messages, in seconds.", registry, metrics);
    this.#client = new SideMetrics(
      "client",
      "How long calls waited for their answer, casts for the broker, in seconds.",
      registry,
      metrics,
    );
    this.#failures = new Counter({
      name: "kilonova_rpc_server_failures_total",
      help: "Messages that failed here, those included that no handler was found for.",
      labelNames: ["topic", "code"],
      registers: [registry],
    });
  }

  sending<Answer>(message: SeenMessage, send: (carrier: Record<string, string>) => Promise<Answer>): Promise<Answer> {
    return this.#client.measured(message, () => send({}));
  }

  handling<Answer>(message: SeenMessage, _carrier: unknown, work: () => Promise<Answer>): Promise<Answer> {
    return this.#server.measured(message, work);
  }

  /** To be told of each failure of a listener. */
  readonly failed: FailureObserver = ({ address, error }) =>
    this.#failures.inc({ topic: address.topic, code: codeOf(error) });
}

class SideMetrics {
  readonly #histogram: Histogram<(typeof LABELS)[number]>;
  readonly #series = new Map<string, MethodSeries>();
  readonly #other: MethodSeries = { topic: OTHER.topic, labels: OTHER, inFlight: 0, durations: new Map() };

  constructor(side: Side, help: string, registry: Registry, metrics: Metrics) {
    this.#histogram = new Histogram({
      name: `kilonova_rpc_${side}_duration_seconds`,
      help,
      labelNames: LABELS,
      buckets: BUCKETS,
      registers: [registry],
    });
    const inFlight = `kilonova_rpc_${side}_in_flight`;
    const spec = { type: "gauge", help: "Messages that are not done, by topic." } as const;
    metrics.add({ labels: ["topic"], metrics: { [inFlight]: spec } }, () =>
      [...this.#series.values()].map(({ topic, inFlight: value }) => ({
        labels: { topic },
        values: { [inFlight]: value },
      })),
    );
  }

  async measured<Answer>(message: SeenMessage, work: () => Promise<Answer>): Promise<Answer> {
    const series = this.#seriesOf(message);
    const start = performance.now();
    series.inFlight += 1;
    let outcome = "ok";
    try {
      const answer = await work();
      if (isRefused(answer)) outcome = "refused";
      return answer;
    } catch (error) {
      outcome = codeOf(error);
      throw error;
    } finally {
      series.inFlight -= 1;
      this.#durations(series, outcome).observe((performance.now() - start) / 1_000);
    }
  }

  #seriesOf({ kind, address: { topic }, contract, method }: SeenMessage): MethodSeries {
    const key = `${kind} ${topic} ${contract} ${method}`;
    const known = this.#series.get(key);
    if (known) return known;
    if (this.#series.size >= MOST_SERIES) return this.#other;
    const series = { topic, labels: { topic, contract, method, kind }, inFlight: 0, durations: new Map() };
    this.#series.set(key, series);
    return series;
  }

  #durations({ labels, durations }: MethodSeries, outcome: string) {
    const known = durations.get(outcome);
    if (known) return known;
    const made = this.#histogram.labels({ ...labels, outcome });
    durations.set(outcome, made);
    return made;
  }
}

/** As contracts' refusals come: `refused(…)`. */
function isRefused(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return false;
  return "ok" in answer && answer.ok === false && "refusal" in answer;
}

function codeOf(error: unknown): string {
  return isKilonovaError(error) ? error.code : "rpc.failed";
}
