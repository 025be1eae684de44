import { z } from "zod";
import { KilonovaError } from "./kilonova-error.js";
import { isNestedDeeper } from "./nesting.js";
import { type ContextFields, contextFieldsSchema } from "./request-context.js";
import { VERSION } from "./version.js";
import { WireSchemas } from "./wire-schema.js";

/** Bytes of the longest message. Bulk goes elsewhere; brokers take no more than 16 MiB, and close the channel on it. */
export const LONGEST_MESSAGE = 8 * 2 ** 20;

/** How deep a message may be nested: what reads and checks it needs a stack as deep. Ours are nested less than twenty deep. */
export const DEEPEST_MESSAGE = 100;

/** A request as it crosses the wire. JSON: every transport carries it, and it lets through only what the wire carries. */
const requestSchema = z.object({
  /** The version of this envelope. */
  v: z.literal(1),
  /** One per message; the same when it is delivered again. */
  id: z.string(),
  contract: z.string(),
  /** The lowest version of the contract that understands the message. */
  version: z.string().regex(VERSION),
  /** The version that its sender knows: what is newer is left out of the answer. Who does not say gets everything. */
  knows: z.string().regex(VERSION).optional(),
  method: z.string(),
  args: z.record(z.string(), z.unknown()),
  context: contextFieldsSchema,
  /** Milliseconds until the caller stops waiting. A span, not an instant: clocks of two hosts differ. */
  timeLeft: z.number().min(0).optional(),
  /** What observers of the sender's gave it: see `RpcObserver`. */
  carrier: z.record(z.string(), z.string()).optional(),
});

/** What comes back: a failure, or a refusal with its details, or a value, which is absent where a method has no result. */
const answerSchema = z.object({
  v: z.literal(1),
  value: z.unknown().optional(),
  refusal: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  error: z
    .object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
      /** Where it was thrown; of a process that logs at debug alone. */
      stack: z.string().optional(),
    })
    .optional(),
});

export type RequestEnvelope = Readonly<Omit<z.output<typeof requestSchema>, "context">> & {
  readonly context: ContextFields;
};
export type AnswerEnvelope = Readonly<z.output<typeof answerSchema>>;

/** Writes and reads envelopes; whatever cannot be read is refused in words before anybody acts on it. */
export class EnvelopeCodec {
  readonly #schemas = new WireSchemas();
  readonly #checkRequest = this.#schemas.open(requestSchema, "message");
  readonly #checkAnswer = this.#schemas.open(answerSchema, "answer");

  /** @throws KilonovaError `rpc.tooLong`, `rpc.badMessage` for one that no receiver would take; TypeError for no JSON */
  encode(envelope: RequestEnvelope | AnswerEnvelope): string {
    const body = written(envelope);
    if (isNestedDeeper(body, DEEPEST_MESSAGE)) throw tooDeep();
    const bytes = Buffer.byteLength(body);
    if (bytes <= LONGEST_MESSAGE) return body;
    throw new KilonovaError(
      "rpc.tooLong",
      `A message has ${bytes} bytes, more than the ${LONGEST_MESSAGE} that may be sent.`,
    );
  }

  /** @throws KilonovaError `rpc.badMessage` */
  decodeRequest(body: string): RequestEnvelope {
    return decode(body, this.#checkRequest) as RequestEnvelope;
  }

  /** @throws KilonovaError `rpc.badMessage` */
  decodeAnswer(body: string): AnswerEnvelope {
    return decode(body, this.#checkAnswer) as AnswerEnvelope;
  }
}

function decode(body: string, check: (value: unknown) => string | undefined): unknown {
  const value = parse(body);
  const problem = check(value);
  if (problem) throw unreadable(problem);
  return value;
}

/** Its size and depth are looked at first: it may come from anyone. */
function parse(body: string): unknown {
  if (body.length > LONGEST_MESSAGE) throw unreadable("it is longer than may be sent");
  if (isNestedDeeper(body, DEEPEST_MESSAGE)) throw tooDeep();
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new KilonovaError("rpc.badMessage", "A message is no JSON.", { cause });
  }
}

function written(envelope: RequestEnvelope | AnswerEnvelope): string {
  try {
    return JSON.stringify(envelope);
  } catch (error) {
    // The stack was not deep enough for it.
    throw error instanceof RangeError ? tooDeep() : error;
  }
}

function tooDeep(): KilonovaError {
  return new KilonovaError("rpc.badMessage", `A message is nested deeper than ${DEEPEST_MESSAGE}.`);
}

function unreadable(problem: string): KilonovaError {
  return new KilonovaError("rpc.badMessage", `A message could not be read: ${problem}.`);
}
