import type { Options } from "@kilonova/config";
import { messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import { context, DiagLogLevel, diag, propagation, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import type { tracingOptions } from "../options.js";
import { withinTime } from "../time/within-time.js";

/** How long a process that leaves waits for what it has not yet exported. Milliseconds. */
const LAST_EXPORT = 5_000;
/** Spans that wait for the exporter; what comes beyond is dropped. */
const LONGEST_QUEUE = 4_096;

/** As traces name the process that spans are from. */
export interface TracedProcess {
  readonly name: string;
  readonly host: string;
}

/**
 * OpenTelemetry in this process, from `start` until `stop`: spans that anybody makes by its API go to one exporter. The
 * API's global is a process's, as traces are; this is the one place that sets it.
 */
export class Tracing {
  #stopping: Promise<void> | undefined;

  private constructor(
    private readonly provider: NodeTracerProvider,
    private readonly logger: Logger,
  ) {}

  static start(
    exporter: SpanExporter,
    { ratio }: Options<typeof tracingOptions>,
    { name, host }: TracedProcess,
    logger: Logger,
  ): Tracing {
    const tell = (message: string) => logger.warn({ error: message }, "traces are in trouble");
    const silent = () => {};
    const voices = { error: tell, warn: tell, info: silent, debug: silent, verbose: silent };
    diag.setLogger(voices, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    const provider = new NodeTracerProvider({
      resource: resourceFromAttributes({
        "service.namespace": "kilonova",
        "service.name": name,
        "service.instance.id": `${host}:${process.pid}`,
        "host.name": host,
        "process.pid": process.pid,
      }),
      // What began elsewhere is kept or left as it was decided there, so that no trace has holes.
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: LONGEST_QUEUE })],
    });
    provider.register();
    return new Tracing(provider, logger);
  }

  /** Exports what is left, for a short time, and leaves the API without effect again. Safe to repeat. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    try {
      await withinTime(this.provider.shutdown(), LAST_EXPORT, `it took more than ${LAST_EXPORT} ms`);
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, "the last spans could not be exported");
    }
    for (const api of [trace, context, propagation, diag]) api.disable();
  }
}
