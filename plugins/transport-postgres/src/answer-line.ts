import type { ErrorCode } from "@kilonova/messaging";
import { Rounds } from "./rounds.js";
import { SEND_ANSWERS } from "./statements.js";
import type { Store } from "./store.js";

/** What comes back to a caller: a sign of life, the body of the answer, or that there will be none. */
export interface Answer {
  /** The caller's. */
  readonly session: number;
  readonly call: string;
  readonly type: "beat" | "answer" | "failure";
  readonly code?: ErrorCode;
  readonly text?: string;
}

interface AnswerMessage extends Answer {
  readonly body: Buffer;
}

/** Sends answers. Nobody is told when one can't be sent: the caller has its deadline. */
export class AnswerLine {
  readonly #rounds: Rounds<AnswerMessage, unknown>;

  constructor(store: Store) {
    this.#rounds = new Rounds<AnswerMessage, unknown>((answers) =>
      store.untilDone("an answer", SEND_ANSWERS, [
        answers.map(({ session }) => session),
        answers.map(({ call }) => call),
        answers.map(({ type }) => type),
        answers.map(({ code = "" }) => code),
        answers.map(({ body }) => body),
      ]),
    );
  }

  /** Resolves when the answer is on its way, or lost. */
  async send(answer: Answer): Promise<void> {
    await this.#rounds.add({ ...answer, body: Buffer.from(answer.text ?? "") }).catch(() => {});
  }
}
