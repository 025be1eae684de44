import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";

const attributesSchema = z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }));
/** OTLP over HTTP as JSON: the part that tests look at. */
const exportedSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              attributes: attributesSchema,
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A span as a test sees it. */
export interface CollectedSpan {
  /** The process that made it. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Collects the spans of a cloud, as an operator's OpenTelemetry collector does: by OTLP over HTTP. */
export class TraceCollector {
  readonly #spans: CollectedSpan[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      await this.#take(request);
      response.setHeader("content-type", "application/json").end("{}");
    });
  }

  static async start(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    collector.#server.listen(0, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v1/traces`;
  }

  /** The spans of one trace, in no order. */
  trace(traceId: string): readonly CollectedSpan[] {
    return this.#spans.filter((span) => span.traceId === traceId);
  }

  get spans(): readonly CollectedSpan[] {
    return this.#spans;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #take(request: IncomingMessage): Promise<void> {
    const { resourceSpans } = exportedSchema.parse(JSON.parse(await text(request)));
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(valuesOf(resource.attributes)["service.name"]);
      for (const { spans } of scopeSpans) {
        for (const { attributes, parentSpanId, ...span } of spans) {
          this.#spans.push({
            service,
            parentSpanId: parentSpanId || undefined,
            ...span,
            attributes: valuesOf(attributes),
          });
        }
      }
    }
  }
}

function valuesOf(attributes: z.output<typeof attributesSchema>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
