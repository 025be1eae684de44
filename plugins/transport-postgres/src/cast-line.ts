import type { Address } from "@kilonova/messaging";
import { queueName } from "./queue-name.js";
import { Rounds } from "./rounds.js";
import { FINISH_CASTS, SEND_CASTS, SEND_FANOUT } from "./statements.js";
import type { Store } from "./store.js";

const NOTHING = Buffer.alloc(0);

interface SentCast {
  readonly queue: string;
  readonly body: Buffer;
}

interface FinishedCast {
  readonly id: string;
  readonly session: number;
  readonly body: Buffer;
}

/** Sends what must arrive, and takes away what is done: each is tried again within `sendTimeout` until it is committed. */
export class CastLine {
  readonly #casts: Rounds<SentCast, unknown>;
  readonly #finished: Rounds<FinishedCast, unknown>;

  constructor(private readonly store: Store) {
    this.#casts = new Rounds<SentCast, unknown>((casts) =>
      store.untilDone("a cast", SEND_CASTS, [casts.map(({ queue }) => queue), casts.map(({ body }) => body)]),
    );
    this.#finished = new Rounds<FinishedCast, unknown>((casts) =>
      store.untilDone("the end of a cast", FINISH_CASTS, [
        casts.map(({ id }) => id),
        casts.map(({ session }) => session),
      ]),
    );
  }

  async cast(address: Address, body: string): Promise<void> {
    await this.#casts.add({ queue: queueName(address), body: Buffer.from(body) });
  }

  async fanout(topic: string, body: string): Promise<void> {
    await this.store.untilDone("a fanout", SEND_FANOUT, [queueName({ topic }), Buffer.from(body)]);
  }

  /** @param session that which took the cast */
  async finish(id: string, session: number): Promise<void> {
    await this.#finished.add({ id, session, body: NOTHING });
  }
}
