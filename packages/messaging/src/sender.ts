import type { MethodSpec, RpcContract } from "./contract.js";
import { KilonovaError } from "./kilonova-error.js";

/** No topic has a dot. */
const BOUND = /^([a-z][A-Za-z0-9_-]{0,62})\.(.+)$/s;

/** The broker user of a service that is bound to a host: `compute.node1`. */
export function boundUser(topic: string, host: string): string {
  return `${topic}.${host}`;
}

/**
 * The service and host that a broker user is bound to; undefined for one that is not. Whoever asks a handler on behalf of
 * a host is known by it: `boundHost(context.sender)`.
 */
export function boundHost(user: string | undefined): { readonly topic: string; readonly host: string } | undefined {
  const [, topic, host] = (user !== undefined && BOUND.exec(user)) || [];
  return topic === undefined || host === undefined ? undefined : { topic, host };
}

/** For handlers that find by themselves what is a host's own. */
export function forbidden(sender: string | undefined, what: string): KilonovaError {
  return new KilonovaError("rpc.forbidden", `${sender ?? "The sender"} is bound to a host and may not ${what}.`);
}

/** What senders may ask that are bound to a host: what concerns that host. All others may ask everything. */
export class SenderCheck {
  /** @param vouches the transport vouches for senders: who names none may ask nothing */
  constructor(private readonly vouches: boolean) {}

  /** What is wrong with that such a sender asks this; undefined where nothing is. */
  offence(
    contract: RpcContract,
    { fromHost }: MethodSpec,
    args: Readonly<Record<string, unknown>>,
    sender: string | undefined,
  ): string | undefined {
    if (sender === undefined) return this.vouches ? "the message does not say who sent it" : undefined;
    const bound = boundHost(sender);
    if (!bound || fromHost === "handler") return undefined;
    if (!fromHost) return `${sender} is bound to a host, and ${contract.name} lets no host ask this`;
    const named = valueAt(args, fromHost.argument);
    return named === bound.host ? undefined : `${sender} asks for host ${String(named)}, and may for its own alone`;
  }
}

function valueAt(args: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), args);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
