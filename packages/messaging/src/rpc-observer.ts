import type { RequestContext } from "./request-context.js";
import type { Address, Delivery } from "./transport.js";

/** Small texts that travel with a message and are no part of it, such as a `traceparent`. */
export type Carrier = Readonly<Record<string, string>>;

/** A message as those see it who watch. */
export interface SeenMessage {
  readonly kind: Delivery["kind"];
  readonly address: Address;
  readonly contract: string;
  readonly method: string;
  readonly context: RequestContext;
}

/**
 * Sees all messages of a process that go out through clients and come in through listeners: for metrics and traces. It
 * stands round them, so that what is done within belongs to it, and changes nothing: whatever the inner function gives or
 * throws, it gives or throws. One that fails itself would fail the message, and must not.
 */
export interface RpcObserver {
  /** @param send sends the message with what is to travel with it; settles with the answer, or when it is sent */
  sending?<Answer>(message: SeenMessage, send: (carrier: Carrier) => Promise<Answer>): Promise<Answer>;
  /** @param work the handler; what it throws is what the caller gets, or why the cast will come again */
  handling?<Answer>(message: SeenMessage, carrier: Carrier, work: () => Promise<Answer>): Promise<Answer>;
}

/** Several observers as one, the first outermost. Undefined where there are none: nothing then stands in the way. */
export function allObservers(observers: readonly RpcObserver[]): Required<RpcObserver> | undefined {
  const [first, ...others] = observers;
  if (!first) return undefined;
  const inner = allObservers(others);
  return {
    sending: (message, send) => {
      const further = (carrier: Carrier) =>
        inner ? inner.sending(message, (more) => send({ ...carrier, ...more })) : send(carrier);
      return first.sending ? first.sending(message, further) : further({});
    },
    handling: (message, carrier, work) => {
      const further = () => (inner ? inner.handling(message, carrier, work) : work());
      return first.handling ? first.handling(message, carrier, further) : further();
    },
  };
}
