import { fromWireError, KilonovaError } from "./kilonova-error.js";
import { type Arguments, MessageSender, type SenderWorld, type Wording } from "./message-sender.js";
import { type Outcome, ok, refused } from "./outcome.js";
import type { RequestContext } from "./request-context.js";
import { DEFAULT_DEADLINE } from "./rpc-client.js";
import { isVersion, type Version } from "./version.js";

/** A method by its name, with its arguments: nothing here knows whether there is such a one. */
export interface UntypedMessage {
  readonly method: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Where an untyped message goes. */
export interface UntypedOptions {
  /** The contract that has the method; the topic's name where it is not said. */
  readonly contract?: string;
  /** The lowest version of it that understands the message; 1.0 where it is not said. */
  readonly version?: Version;
  /** The host that is to answer; without it, any one of the topic. */
  readonly server?: string;
}

/** Where an untyped call goes, and how long it waits. */
export interface UntypedCallOptions extends UntypedOptions {
  /** Milliseconds the call may take, unless the context's deadline is sooner; 60,000 where it is not said. */
  readonly timeout?: number;
}

/**
 * What an untyped call brings. Always an outcome: without the contract nobody knows beforehand whether the method may
 * refuse, and a refusal is a value here as everywhere. Nothing of it is checked: parse it.
 */
export type UntypedOutcome = Outcome<unknown, Readonly<Record<string, Readonly<Record<string, unknown>>>>>;

/** See {@link Rpc.call}. */
export function untypedCall(
  world: SenderWorld,
  context: RequestContext,
  topic: string,
  message: UntypedMessage,
  options: UntypedCallOptions,
): Promise<UntypedOutcome> {
  const { timeout = DEFAULT_DEADLINE } = options;
  return untypedSender(world, topic, options).call(message.method, context, {
    words: () => wordingOf(message, options),
    timeout,
    read: ({ error, refusal, details = {}, value }) => {
      if (error) throw fromWireError(error);
      return refusal === undefined ? ok(value) : refused(refusal, details);
    },
  });
}

/** See {@link Rpc.cast} and {@link Rpc.fanout}. */
export function untypedCast(
  world: SenderWorld,
  kind: "cast" | "fanout",
  context: RequestContext,
  topic: string,
  message: UntypedMessage,
  options: UntypedOptions,
): Promise<void> {
  return untypedSender(world, topic, options)[kind](message.method, context, () => wordingOf(message, options));
}

function untypedSender(world: SenderWorld, topic: string, { contract = topic, server }: UntypedOptions): MessageSender {
  return new MessageSender(world, { topic, ...(server === undefined ? {} : { server }) }, contract);
}

/** No `knows`: who has no contract takes whatever comes. */
function wordingOf({ method, args = {} }: UntypedMessage, { version = "1.0" }: UntypedOptions): Wording {
  if (!isVersion(version)) {
    throw new KilonovaError("rpc.badArguments", `"${version}" is no version of a contract such as "1.4".`);
  }
  return { version, args: checked(method, args) };
}

function checked(method: string, args: unknown): Arguments {
  if (typeof args === "object" && args !== null && !Array.isArray(args)) return args as Arguments;
  throw new KilonovaError("rpc.badArguments", `The arguments of ${method} must be one object.`);
}
