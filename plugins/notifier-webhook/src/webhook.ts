import type { Clock, HttpFetch } from "@kilonova/plugin-api";
import { pauseAfter } from "./pause.js";
import { webhookHeaders } from "./signature.js";

export interface WebhookSettings {
  readonly ask: HttpFetch;
  readonly clock: Clock;
  /** Milliseconds for one try. */
  readonly timeout: number;
  readonly tries: number;
  /** Milliseconds after the first try. */
  readonly backoff: number;
  readonly key?: Buffer;
}

/** How a try went wrong. */
interface Failure {
  readonly words: string;
  readonly mayRetry: boolean;
  readonly retryAfter: string | null;
}

/** What others than ours may mend by themselves. */
const PASSING = new Set([408, 425, 429]);

/** One address that is posted to. */
export class Webhook {
  readonly #url: string;
  readonly #authorization: Readonly<Record<string, string>>;
  /** The address for messages: what is secret stands in the other parts of it, if anywhere. */
  readonly #origin: string;

  constructor(
    url: string,
    private readonly settings: WebhookSettings,
  ) {
    const parsed = new URL(url);
    const { username, password, origin } = parsed;
    parsed.username = "";
    parsed.password = "";
    this.#url = parsed.href;
    this.#origin = origin;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#authorization =
      credentials === ":" ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
  }

  /**
   * Resolves when the other side has taken it.
   *
   * @param id by which it knows one that it has had before
   * @param signal ends the tries
   * @throws Error that names the address and says how the last try went
   */
  async post(id: string, body: string, signal: AbortSignal): Promise<void> {
    const { tries, backoff, clock } = this.settings;
    for (let count = 1; ; count += 1) {
      signal.throwIfAborted();
      const failure = await this.#try(id, body, signal);
      if (!failure) return;
      const words = `${this.#origin} ${failure.words}`;
      if (!failure.mayRetry) throw new Error(words);
      if (count >= tries) throw new Error(`${words}, at the last of ${count} tries`);
      const pause = pauseAfter(count, backoff, failure.retryAfter, clock.now());
      await clock.sleep(pause, signal).catch(() => {
        throw new Error(`${words}, and there was no time for another try`);
      });
    }
  }

  async #try(id: string, body: string, signal: AbortSignal): Promise<Failure | undefined> {
    const { ask, clock, key, timeout } = this.settings;
    const limit = AbortSignal.timeout(timeout);
    const headers = { ...webhookHeaders(id, clock.now(), body, key), ...this.#authorization, ...HEADERS };
    try {
      const response = await ask(this.#url, {
        method: "POST",
        headers,
        body,
        signal: AbortSignal.any([signal, limit]),
      });
      // What it says besides is nothing to us, however long it is.
      await response.body?.cancel();
      return failureOf(response);
    } catch (error) {
      if (signal.aborted) return failed("did not answer before the delivery was given up");
      if (limit.aborted) return failed(`did not answer within ${timeout} ms`);
      return failed(`cannot be reached: ${reasonOf(error)}`);
    }
  }
}

const HEADERS = { "content-type": "application/json", "user-agent": "kilonova" };

function failureOf({ ok, status, headers }: Response): Failure | undefined {
  if (ok) return undefined;
  const redirect = status >= 300 && status < 400 ? ", a redirect, which is not followed" : "";
  const mayRetry = PASSING.has(status) || status >= 500;
  return { words: `answered ${status}${redirect}`, mayRetry, retryAfter: headers.get("retry-after") };
}

function failed(words: string): Failure {
  return { words, mayRetry: true, retryAfter: null };
}

/** A code such as ECONNREFUSED: the words of the error may hold the address with all that is in it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : undefined;
  return typeof code === "string" ? code : "the connection failed";
}
