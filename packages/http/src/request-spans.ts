import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** A request's span, and the context that it is active in. */
interface RequestSpan {
  readonly span: Span;
  readonly active: Context;
}

/**
 * A span round each request: here traces begin, or go on where the client sent a `traceparent` (W3C Trace Context). It is
 * active for whatever the request leads to, and has no effect in a process that exports no traces.
 *
 * @param isWorthIt false for a path that nobody wants in a trace
 */
export function traceRequests(app: FastifyInstance, isWorthIt: (path: string) => boolean): void {
  const spans = new WeakMap<FastifyRequest, RequestSpan>();

  app.addHook("onRequest", (request, _reply, done) => {
    const { url: route } = request.routeOptions;
    if (route === undefined || !isWorthIt(route)) return done();
    const client = propagation.extract(ROOT_CONTEXT, request.headers);
    const attributes = {
      "http.request.method": request.method,
      "http.route": route,
      "kilonova.request_id": request.id,
    };
    const name = `${request.method} ${route}`;
    const span = trace.getTracer("kilonova").startSpan(name, { kind: SpanKind.SERVER, attributes }, client);
    const active = trace.setSpan(client, span);
    spans.set(request, { span, active });
    context.with(active, done);
  });

  // The body came by events of the socket's, outside of the span.
  app.addHook("preHandler", (request, _reply, done) => {
    const traced = spans.get(request);
    if (!traced) return done();
    context.with(traced.active, done);
  });

  app.addHook("onResponse", (request, reply, done) => {
    const span = spans.get(request)?.span;
    span?.setAttribute("http.response.status_code", reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
