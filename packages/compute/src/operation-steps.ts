import type { Fault, OperationEvent } from "@kilonova/contracts";
import { messageOf } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";

const LONGEST_MESSAGE = 255;

/** Notes when a step began and ended, in the form that `server event show` tells it. */
export class StepRecord {
  readonly #startedAt: string;

  constructor(
    private readonly clock: Clock,
    private readonly host: string,
    private readonly event: string,
  ) {
    this.#startedAt = instantOf(clock.now());
  }

  succeeded(): OperationEvent {
    return this.#ended("Success", null);
  }

  failed(error: unknown): OperationEvent {
    return this.#ended("Error", messageOf(error));
  }

  #ended(result: "Success" | "Error", details: string | null): OperationEvent {
    const { event, host } = this;
    return { event, host, startedAt: this.#startedAt, finishedAt: instantOf(this.clock.now()), result, details };
  }
}

/** ISO 8601 with milliseconds, as the wire has it. */
export function instantOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/**
 * What a user is told of a failure; the rest is for administrators. Where the failure is in what was asked for, the code
 * is below 500 and the details, which everybody may read then, are no more than what the message had no room for.
 */
export function faultOf(words: string, error: unknown, code = 500): Fault {
  const message = `${words}: ${messageOf(error)}`;
  const short = shortened(message);
  if (code < 500) return { code, message: short, details: short === message ? null : message };
  return { code, message: short, details: error instanceof Error ? (error.stack ?? null) : null };
}

function shortened(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE - 1)}…`;
}
