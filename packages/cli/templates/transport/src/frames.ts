import { isErrorCode, isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";
import { z } from "zod";

const id = z.string().min(1).max(64);
const topic = z.string();
const server = z.string();
const body = z.string();
const to = z.object({ topic, server: server.optional() });
const failure = z.object({ code: z.string(), message: z.string() });

/** What a process sends to the hub. What has an `id` is answered under it. */
export const requestSchema = z.discriminatedUnion("is", [
  z.object({ is: z.literal("call"), id, to, body, timeLeft: z.number() }),
  z.object({ is: z.literal("cancel"), call: id }),
  z.object({ is: z.literal("cast"), id, to, body }),
  z.object({ is: z.literal("fanout"), id, topic, body }),
  z.object({ is: z.literal("listen"), id, listener: id, topic, server, concurrency: z.number().int() }),
  z.object({ is: z.literal("stop"), id, listener: id }),
  z.object({ is: z.literal("working"), delivery: z.number().int() }),
  z.object({ is: z.literal("done"), delivery: z.number().int(), body: body.optional() }),
  z.object({ is: z.literal("broken"), delivery: z.number().int(), failure }),
]);

/** What the hub sends to a process. */
export const replySchema = z.discriminatedUnion("is", [
  z.object({ is: z.literal("answer"), id, body }),
  z.object({ is: z.literal("failed"), id, failure }),
  z.object({ is: z.literal("beat"), id }),
  z.object({
    is: z.literal("delivery"),
    delivery: z.number().int(),
    listener: id,
    kind: z.enum(["call", "cast", "fanout"]),
    body,
    redelivered: z.boolean(),
  }),
]);

export type Request = Readonly<z.output<typeof requestSchema>>;
export type Reply = Readonly<z.output<typeof replySchema>>;
export type Failure = Readonly<z.output<typeof failure>>;

/** What was thrown, as it goes over the socket. Stacks stay at home. */
export function toFailure(error: unknown): Failure {
  return { code: isKilonovaError(error) ? error.code : "rpc.failed", message: messageOf(error) };
}

export function fromFailure({ code, message }: Failure): KilonovaError {
  return new KilonovaError(isErrorCode(code) ? code : "rpc.failed", message);
}
