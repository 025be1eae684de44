import { type Context, context, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";

/** Who makes the spans, as OpenTelemetry calls it: the instrumentation scope. */
const SCOPE = "kilonova";

/** True where what runs now belongs to a trace: only then does anybody below HTTP make spans. */
export function isTraced(): boolean {
  return trace.getActiveSpan() !== undefined;
}

/**
 * Work in a span of its own, a child of the one that is active unless another parent is given; it ends when the work has
 * settled, as failed where it threw. Costs next to nothing in a process that exports none.
 *
 * @param name of few different values: what is done, never to which server
 */
export async function inSpan<Value>(
  name: string,
  options: SpanOptions,
  work: () => Promise<Value>,
  parent: Context = context.active(),
): Promise<Value> {
  const span = trace.getTracer(SCOPE).startSpan(name, options, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    // The kind of error alone: its words may name what is for the log only.
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute("error.type", errorType(error));
    throw error;
  } finally {
    span.end();
  }
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
