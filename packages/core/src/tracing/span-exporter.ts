import { KilonovaError } from "@kilonova/messaging";
import type { SpanExporter } from "@opentelemetry/sdk-trace-node";

/**
 * What takes spans out of the process, by OpenTelemetry's own interface: any package that has one will do, and knows
 * nothing of us. Told by its methods, since it comes with a copy of the SDK of its own.
 *
 * @throws KilonovaError `object.wrongKind`
 */
export function asSpanExporter(value: unknown, asked: string): SpanExporter {
  if (isSpanExporter(value)) return value;
  throw new KilonovaError(
    "object.wrongKind",
    `${asked}: expected an exporter of OpenTelemetry's, with methods export and shutdown, such as "@opentelemetry/exporter-trace-otlp-http#OTLPTraceExporter".`,
  );
}

function isSpanExporter(value: unknown): value is SpanExporter {
  if (typeof value !== "object" || value === null) return false;
  return ["export", "shutdown"].every((method) => typeof Reflect.get(value, method) === "function");
}
