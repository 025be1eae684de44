import {
  type Address,
  addressText,
  BEAT_INTERVAL,
  KilonovaError,
  type PendingCalls,
  type SilentCall,
} from "@kilonova/messaging";
import type { BrokerLook } from "./broker-look.js";
import { callQueue } from "./topology.js";

/** Milliseconds from one look to the next. */
const LOOK_EVERY = 500;
/** Milliseconds: half as long again as from one beat to the next. */
const SILENCE = 1.5 * BEAT_INTERVAL;

/**
 * Finds the calls that nobody can answer any more. A queue of calls goes with its last consumer, and all that was in it or on
 * its way to that consumer with it: RabbitMQ tells nobody. So while a call is not answered, its caller looks whether its
 * queue is there. Who stops in good order lets go of the queue, too, before the last calls are answered, but beats first:
 * a call that was heard of since is not given up.
 */
export class CallWatch {
  readonly #timer: NodeJS.Timeout;
  /** Calls that were silent at the last look. */
  #before: ReadonlySet<string> = new Set();
  /** Calls whose queue was gone at the last look. */
  #lost: ReadonlySet<string> = new Set();
  #looking: Promise<void> | undefined;

  constructor(
    private readonly calls: PendingCalls,
    private readonly look: Pick<BrokerLook, "isGone" | "close">,
  ) {
    this.#timer = setInterval(() => this.#begin(), LOOK_EVERY).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    // A look that is under way would open its channel anew.
    await this.#looking;
    await this.look.close();
  }

  /** A broker that does not answer, and a connection that is lost, end calls otherwise. */
  #begin(): void {
    this.#looking ??= this.#lookOnce()
      .catch(() => {})
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #lookOnce(): Promise<void> {
    const known = this.#lost;
    const silent = this.calls.silentFor(SILENCE);
    const before = this.#before;
    this.#before = new Set(silent.map(({ id }) => id));
    this.#lost = await this.#amongGone(silent.filter(({ id }) => before.has(id)));
    // What came in while this loop was busy has been read by now.
    for (const { id, address } of this.calls.silentFor(SILENCE)) if (known.has(id)) this.calls.fail(id, gone(address));
  }

  async #amongGone(calls: readonly SilentCall[]): Promise<ReadonlySet<string>> {
    const lost = new Set<string>();
    const gone = new Map<string, boolean>();
    for (const { id, address } of calls) {
      const { queue } = callQueue(address);
      const isGone = gone.get(queue) ?? (await this.look.isGone(queue));
      gone.set(queue, isGone);
      if (isGone) lost.add(id);
    }
    return lost;
  }
}

function gone(address: Address): KilonovaError {
  const words = `Nobody listens on ${addressText(address)} any more: whoever took the call is gone, and may have begun to work on it.`;
  return new KilonovaError("rpc.peerLost", words);
}
