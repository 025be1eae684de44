import { type AnswerEnvelope, type ErrorCode, KilonovaError } from "@kilonova/messaging";
import { z } from "zod";
import { hexId } from "./oslo-topology.js";

/** What comes to a queue of answers. */
export type OsloAnswer =
  | { readonly messageId: string; readonly type: "beat" }
  | { readonly messageId: string; readonly type: "answer"; readonly answer: AnswerEnvelope };

/** Exceptions of oslo.messaging's own dispatcher, which its clients know. */
const DISPATCHER = "oslo_messaging.rpc.dispatcher";
const DISPATCHER_CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchMethod: "rpc.unknownMethod",
  UnsupportedVersion: "rpc.unsupportedVersion",
};
/** As its dispatcher says of a namespace that nobody serves. */
const DISPATCHER_NAMES: Readonly<Record<string, string>> = {
  "rpc.unknownMethod": "NoSuchMethod",
  "rpc.unsupportedVersion": "UnsupportedVersion",
  "rpc.unknownContract": "UnsupportedVersion",
};
/** Stands where Python has a module, and says that `kilonova` is to be looked at. */
const MODULE = "kilonova";

const answerSchema = z.object({
  _msg_id: z.string(),
  result: z.unknown(),
  failure: z.string().nullish(),
  ending: z.boolean().nullish(),
});
/** Of an exception as `serialize_remote_exception` writes it; `kilonova` is what our own add. */
const failureSchema = z.object({
  class: z.string(),
  module: z.string().nullish(),
  message: z.string().nullish(),
  kilonova: z
    .object({
      code: z.string().optional(),
      refusal: z.string().optional(),
      details: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});

/** An answer as oslo.messaging writes it. Refusals, which it does not have, go as exceptions named like them. */
export function toOsloAnswer(messageId: string, { value, refusal, details, error }: AnswerEnvelope): object {
  const failure = error
    ? exceptionOf(error)
    : refusal !== undefined
      ? exception(refusal, MODULE, `${refusal}: ${JSON.stringify(details ?? {})}`, { refusal, details })
      : null;
  return reply(messageId, failure === null ? (value ?? null) : null, failure, true);
}

/** A sign of life. */
export function toOsloBeat(messageId: string): object {
  return reply(messageId, null, null, false);
}

/**
 * @param message what `unwrap` gave
 * @throws KilonovaError `rpc.badMessage`
 */
export function fromOsloAnswer(message: unknown): OsloAnswer {
  const read = answerSchema.safeParse(message).data;
  if (!read) throw new KilonovaError("rpc.badMessage", "An answer could not be read.");
  const { _msg_id: messageId, result, failure, ending } = read;
  if (failure) return { messageId, type: "answer", answer: failureAnswer(failure) };
  if (ending === false) return { messageId, type: "beat" };
  // What Python returns nothing for is absent here.
  return { messageId, type: "answer", answer: { v: 1, value: result } };
}

function reply(messageId: string, result: unknown, failure: string | null, ending: boolean): object {
  return { result, failure, ending, _msg_id: messageId, _unique_id: hexId() };
}

/** A failure that came from Python, or is to look as if, says its class and module in its details. */
const pythonSchema = z.object({ class: z.string(), module: z.string().optional() });

function exceptionOf({ code, message, details }: NonNullable<AnswerEnvelope["error"]>): string {
  const own = { code, details };
  const dispatcherName = DISPATCHER_NAMES[code];
  if (dispatcherName) return exception(dispatcherName, DISPATCHER, message, own);
  const python = code === "rpc.failed" ? pythonSchema.safeParse(details).data : undefined;
  if (python) return exception(python.class, python.module ?? "builtins", message, own);
  return exception("KilonovaError", MODULE, message, own);
}

function exception(name: string, module: string, message: string, kilonova: object): string {
  return JSON.stringify({ class: name, module, message, tb: [], args: [message], kwargs: {}, kilonova });
}

function failureAnswer(failure: string): AnswerEnvelope {
  const read = failureSchema.safeParse(parsed(failure)).data;
  if (!read) return { v: 1, error: { code: "rpc.failed", message: failure.slice(0, 1_000) } };
  const { class: name, module, message, kilonova } = read;
  const { code, refusal, details } = kilonova ?? {};
  if (refusal !== undefined) return { v: 1, refusal, details: details ?? {} };
  if (code !== undefined) return { v: 1, error: { code, message: message ?? "", ...(details ? { details } : {}) } };
  const dispatcherCode = module === DISPATCHER ? DISPATCHER_CODES[name] : undefined;
  return {
    v: 1,
    error: {
      code: dispatcherCode ?? "rpc.failed",
      message: `${name}: ${message ?? ""}`,
      details: { class: name, module: module ?? "" },
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
