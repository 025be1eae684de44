import type { Claim, Placement } from "@kilonova/contracts";
import { KilonovaError, RequestContext, type RpcClient } from "@kilonova/messaging";

/** So many rounds are on their way at a time: one is made ready while another commits. */
const MOST_ROUNDS = 2;
/** As many as one round takes. */
const MOST_LISTS = 200;
/** Milliseconds for a round in which several callers' claims are. */
const PATIENCE = 10_000;

/** Why a list of claims was refused. */
export interface RefusedClaim {
  readonly refusal: "noCapacity" | "providerNotFound" | "staleFence" | "groupPolicy" | "consumerConflict";
  readonly consumerId: string | null;
  readonly providerId: string | null;
}

/** Claims that wait for a round. */
interface Waiting {
  readonly context: RequestContext;
  readonly claims: readonly Claim[];
  readonly settle: (outcome: Promise<RefusedClaim | undefined>) => void;
}

/**
 * Brings claims to placement, in rounds: what comes while others are on their way goes together in the next, with one commit
 * for all. Each list is all or nothing by itself; one that is refused hinders no other. Who comes alone waits for nobody.
 */
export class ClaimRounds {
  #waiting: Waiting[] = [];
  #rounds = 0;

  constructor(private readonly placement: RpcClient<Placement>) {}

  /** @returns why it was refused, or undefined. @throws as a call of placement's does: then its fate is unknown */
  claim(context: RequestContext, claims: readonly Claim[]): Promise<RefusedClaim | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push({ context, claims, settle: resolve });
      this.#begin();
    });
  }

  #begin(): void {
    while (this.#rounds < MOST_ROUNDS && this.#waiting.length > 0) {
      this.#rounds++;
      void this.#round(this.#next()).finally(() => {
        this.#rounds--;
        this.#begin();
      });
    }
  }

  /** Those that may go together: no consumer is named twice. */
  #next(): readonly Waiting[] {
    const consumers = new Set<string>();
    const together: Waiting[] = [];
    const left: Waiting[] = [];
    for (const each of this.#waiting) {
      if (each.context.timeLeft() === 0 || each.context.signal.aborted) {
        // Nobody hears of them: what comes too late for its caller must not be made.
        const words = "The claim's turn did not come before the deadline.";
        each.settle(Promise.reject(new KilonovaError("rpc.deadlineExceeded", words)));
        continue;
      }
      const isFree = together.length < MOST_LISTS && each.claims.every(({ consumerId }) => !consumers.has(consumerId));
      (isFree ? together : left).push(each);
      for (const { consumerId } of each.claims) consumers.add(consumerId);
    }
    this.#waiting = left;
    return together;
  }

  /** Never rejects: each that waits is told what became of its own. */
  async #round(together: readonly Waiting[]): Promise<void> {
    const [first, ...others] = together;
    if (!first) return;
    const outcome = others.length === 0 ? this.#one(first) : this.#many(together);
    await outcome.catch(() => undefined);
  }

  async #one({ context, claims, settle }: Waiting): Promise<void> {
    const asked = this.placement.call.claim(context, { claims: [...claims] }).then((outcome) => {
      if (outcome.ok) return undefined;
      const details: { readonly consumerId?: string; readonly providerId?: string } = outcome.details;
      const { consumerId = null, providerId = null } = details;
      return { refusal: outcome.refusal, consumerId, providerId };
    });
    settle(asked);
    await asked;
  }

  async #many(together: readonly Waiting[]): Promise<void> {
    const lists = together.map(({ claims }) => [...claims]);
    const asked = this.placement.call.claimEach(RequestContext.admin().within(PATIENCE), { claims: lists });
    for (const [index, { settle }] of together.entries()) {
      settle(
        asked.then((outcomes) => {
          const outcome = outcomes[index];
          if (!outcome) throw new TypeError(`placement answered ${outcomes.length} of ${together.length} claims`);
          if (outcome.ok || outcome.refusal === null) return undefined;
          return { refusal: outcome.refusal, consumerId: outcome.consumerId, providerId: outcome.providerId };
        }),
      );
    }
    await asked;
  }
}
