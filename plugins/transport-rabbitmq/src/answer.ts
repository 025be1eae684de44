import { type ErrorCode, isErrorCode, KilonovaError, LONGEST_MESSAGE } from "@kilonova/messaging";
import type { AsyncMessage, Envelope } from "rabbitmq-client";
import { isReplyQueue, replyTo } from "./topology.js";

/** What comes back to a caller: a sign of life, the body of the answer, or that there will be none. */
export type Answer =
  | { readonly type: "beat" }
  | { readonly type: "answer"; readonly body: string }
  | { readonly type: "failure"; readonly code: ErrorCode; readonly message: string };

/** An answer as a message to the queue that the call names. */
export function answerMessage(call: AnswerableCall, answer: Answer): { envelope: Envelope; body: string } {
  const envelope = { ...replyTo(call.replyTo, call.userId), correlationId: call.correlationId, type: answer.type };
  if (answer.type === "answer") return { envelope, body: answer.body };
  if (answer.type === "beat") return { envelope, body: "" };
  return { envelope: { ...envelope, headers: { code: answer.code } }, body: answer.message };
}

/** A message that says who asks, and names a queue of that user's own for the answer. */
export type AnswerableCall = AsyncMessage & Readonly<Record<"replyTo" | "correlationId" | "userId", string>>;

/** Asked once of each message that comes as a call: whatever else it is, nobody works on it. */
export function canBeAnswered(call: AsyncMessage): call is AnswerableCall {
  const { replyTo, correlationId, userId } = call;
  return Boolean(replyTo && correlationId && userId && isReplyQueue(replyTo, userId));
}

/** The failure that a message tells of. */
export function failureOf(message: AsyncMessage): KilonovaError {
  const code: unknown = message.headers?.["code"];
  return new KilonovaError(isErrorCode(code) ? code : "rpc.failed", bodyOf(message));
}

/**
 * The text of a message, whoever sent it. Of one that is longer than may be sent, only so much that it can be refused: a
 * broker may let 128 MiB through.
 */
export function bodyOf({ body }: Pick<AsyncMessage, "body">): string {
  if (Buffer.isBuffer(body)) return body.subarray(0, LONGEST_TEXT).toString();
  return typeof body === "string" ? body.slice(0, LONGEST_TEXT) : textOf(body);
}

/** Bytes, or letters: one more than may be sent. */
const LONGEST_TEXT = LONGEST_MESSAGE + 1;

/** What the library has read already, for it said that it is JSON. What is nested too deeply to be written is no message. */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body).slice(0, LONGEST_TEXT);
  } catch {
    return "nested too deeply to be written";
  }
}
