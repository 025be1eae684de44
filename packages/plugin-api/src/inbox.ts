import type { RequestContext } from "@kilonova/messaging";
import { type Token, token } from "./token.js";

/**
 * Remembers which messages have been worked on, with the effect of the work in one transaction. A cast may come more than
 * once: whoever took it may die after its work and before it is acknowledged. With an inbox its effect on the database
 * is there exactly once; whatever else a handler does must bear being done again.
 */
export interface Inbox {
  /**
   * Begins a transaction, notes the message in it, works, commits. Of a message that was worked on before it does nothing.
   * While the database cannot be reached it tries again for a while, from the beginning: that is no failure of the
   * message's. All else that the work throws ends the transaction and is thrown.
   *
   * @param messageId the same whenever the message is delivered again
   * @param work is given the context that carries the transaction
   */
  receive(
    messageId: string,
    context: RequestContext,
    work: (context: RequestContext) => Promise<unknown>,
  ): Promise<void>;
}

/** The inbox in the schema of an owner of tables: `@rpcMethod({ inbox: inboxOf("ledger") })`. */
export function inboxOf(owner: string): Token<Inbox> {
  return token<Inbox>(`inbox-${owner}`);
}
