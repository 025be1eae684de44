import { KilonovaError, type RequestEnvelope } from "@kilonova/messaging";
import type { AsyncMessage } from "rabbitmq-client";
import { z } from "zod";
import { fromOsloContext, osloContextSchema, toOsloContext } from "./oslo-context.js";
import { hexId } from "./oslo-topology.js";

/** Where the answer to a call goes, and what it is called there. */
export interface ReplyTo {
  readonly messageId: string;
  readonly queue: string;
  /** Seconds of silence after which the caller gives up: whoever works on it beats twice as often. Undefined: never. */
  readonly monitor: number | undefined;
}

/** A request as it came: for the framework, and what the transport itself goes by. */
export interface OsloRequest {
  readonly request: RequestEnvelope;
  readonly replyTo: ReplyTo | undefined;
}

/** oslo.messaging's version of a target that says none. */
const FIRST_VERSION = "1.0";

/** oslo.messaging hands on what begins so to nobody. */
const CARRIER = "_kilonova_carrier";

const messageSchema = osloContextSchema.extend({
  method: z.string().max(255),
  args: z.record(z.string(), z.unknown()).nullish(),
  version: z.string().max(20).nullish(),
  namespace: z.string().max(255).nullish(),
  _unique_id: z.string().max(255).nullish(),
  _timeout: z.number().positive().nullish(),
  [CARRIER]: z.record(z.string().max(255), z.string().max(8_192)).optional(),
});
const replySchema = z.object({ _msg_id: z.string().min(1).max(255), _reply_q: z.string().min(1).max(255) });

/**
 * A request as oslo.messaging writes it: namespace is the contract's name, unless that is the topic's, where oslo.messaging
 * has none.
 */
export function toOsloRequest(topic: string, request: RequestEnvelope, replyTo?: ReplyTo): object {
  const { contract, method, version, args, id, context, carrier } = request;
  return {
    method,
    args,
    version,
    ...(contract === topic ? {} : { namespace: contract }),
    _unique_id: id,
    ...(replyTo ? { _msg_id: replyTo.messageId, _reply_q: replyTo.queue, _timeout: replyTo.monitor ?? null } : {}),
    ...toOsloContext(context),
    ...(carrier ? { [CARRIER]: carrier } : {}),
  };
}

/** To whom a refusal can be told, of a message that may be wrong otherwise. */
export function replyToOf(message: unknown): ReplyTo | undefined {
  const reply = replySchema.safeParse(message).data;
  return reply && { messageId: reply._msg_id, queue: reply._reply_q, monitor: undefined };
}

/**
 * @param message what {@link unwrap} gave
 * @throws KilonovaError `rpc.badMessage`
 */
export function fromOsloRequest(
  topic: string,
  message: unknown,
  properties: Pick<AsyncMessage, "expiration">,
): OsloRequest {
  const read = messageSchema.safeParse(message);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.join(".") ?? "";
    throw new KilonovaError("rpc.badMessage", `A message could not be read: ${where} ${issue?.message ?? "is wrong"}.`);
  }
  const { method, args, version, namespace, _unique_id, _timeout, [CARRIER]: carrier } = read.data;
  const replyTo = replyToOf(message);
  const timeLeft = Number(properties.expiration ?? Number.NaN);
  return {
    request: {
      v: 1,
      id: _unique_id ?? hexId(),
      contract: namespace ?? topic,
      version: version ?? FIRST_VERSION,
      method,
      args: args ?? {},
      context: fromOsloContext(read.data, replyTo !== undefined),
      ...(replyTo && timeLeft >= 0 ? { timeLeft } : {}),
      ...(carrier ? { carrier } : {}),
    },
    replyTo: replyTo && { ...replyTo, monitor: _timeout ?? undefined },
  };
}
