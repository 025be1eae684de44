import type { Carrier, RpcObserver, SeenMessage } from "@kilonova/messaging";
import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import { inSpan, isTraced } from "./span.js";

/** W3C Trace Context. */
const TRACE_CONTEXT = new Set(["traceparent", "tracestate"]);

/**
 * A span round each message that belongs to a trace, where it is sent and where it is worked on. The trace crosses the
 * broker as `traceparent` in the carrier. A message that belongs to none begins none: heartbeats and sweeps would drown
 * what users asked for.
 */
export const rpcSpans: Required<RpcObserver> = {
  sending: (message, send) => {
    if (!isTraced()) return send({});
    const kind = message.kind === "call" ? SpanKind.CLIENT : SpanKind.PRODUCER;
    return inSpan(nameOf(message), { kind, attributes: attributesOf(message) }, () => send(activeCarrier()));
  },

  handling: (message, carrier, work) => {
    // Who listens may have been made while something else was traced: a message belongs to its sender's trace alone.
    if (!("traceparent" in carrier)) return isTraced() ? context.with(ROOT_CONTEXT, work) : work();
    const kind = message.kind === "call" ? SpanKind.SERVER : SpanKind.CONSUMER;
    const sender = propagation.extract(ROOT_CONTEXT, carrier);
    return inSpan(nameOf(message), { kind, attributes: attributesOf(message) }, work, sender);
  },
};

function activeCarrier(): Carrier {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  // Nothing else of what a client sent, such as its baggage, goes on with it.
  return Object.fromEntries(Object.entries(carrier).filter(([name]) => TRACE_CONTEXT.has(name)));
}

function nameOf({ contract, method }: SeenMessage): string {
  return `${contract}.${method}`;
}

/** As the semantic conventions for RPC and messaging name them. */
function attributesOf({ kind, address, contract, method, context: asked }: SeenMessage): Attributes {
  return {
    "rpc.system.name": "kilonova",
    "rpc.service": contract,
    "rpc.method": method,
    "messaging.destination.name": address.topic,
    "kilonova.message.kind": kind,
    "kilonova.request_id": asked.requestId,
    ...("server" in address && address.server !== undefined ? { "server.address": address.server } : {}),
  };
}
