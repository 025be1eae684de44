import type { Configuration } from "@kilonova/config";
import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import type { SpanExporter } from "@opentelemetry/sdk-trace-node";
import { isClass } from "../container/object-kind.js";
import type { ObjectLoader } from "../container/object-loader.js";
import { serviceOptions, tracingOptions } from "../options.js";
import { asSpanExporter } from "./span-exporter.js";
import type { Tracing } from "./tracing.js";

export type { Tracing } from "./tracing.js";

/**
 * Starts traces where option `tracing.exporter` names somebody who takes them.
 *
 * @param name what traces call the process
 * @throws KilonovaError `object.*` for an exporter that cannot be had
 */
export async function startTracing(
  name: string,
  configuration: Configuration,
  loader: ObjectLoader,
  logger: Logger,
): Promise<Tracing | undefined> {
  const options = configuration.get(tracingOptions);
  if (options.exporter === undefined) return undefined;
  const exporter = await loadExporter(options.exporter, loader);
  const { host } = configuration.get(serviceOptions);
  // The SDK is loaded where somebody wants it, and by nobody else.
  const { Tracing } = await import("./tracing.js");
  return Tracing.start(exporter, options, { name, host }, logger);
}

/** Classes are made without arguments, for they know nothing of us: an exporter takes its settings from the environment. */
async function loadExporter(path: string, loader: ObjectLoader): Promise<SpanExporter> {
  const asked = "option tracing.exporter";
  const { value, title } = await loader.load(path, asked);
  if (typeof value !== "function") return asSpanExporter(value, asked);
  try {
    const made: unknown = isClass(value) ? Reflect.construct(value, []) : await value();
    return asSpanExporter(made, asked);
  } catch (cause) {
    if (isKilonovaError(cause)) throw cause;
    throw new KilonovaError("object.failed", `${asked}: ${title} could not be made: ${messageOf(cause)}`, { cause });
  }
}
