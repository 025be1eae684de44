import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { ClientTls } from "@kilonova/config";

/** What is asked of an HTTP server. */
export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** Asks; redirects are not followed. */
export type HttpFetch = (url: string | URL, asked?: HttpRequest) => Promise<Response>;

/** Statuses whose answers have no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * A `fetch` that trusts whom an operator says, which that of Node.js cannot be told. Without TLS settings it is that of
 * Node.js. Like that one it throws a TypeError whose cause is the failure, or the signal's reason.
 *
 * @param tls by which authorities servers are trusted, and what is shown to those that ask; for https addresses alone
 */
export function httpFetch(tls: ClientTls | undefined): HttpFetch {
  if (!tls) return (url, asked) => fetch(url, { ...asked, redirect: "manual" });
  // Those who ask do so now and then: a connection that was kept would hold up their end.
  const agent = new Agent({ ...tls.settings, keepAlive: false });
  return async (url, asked = {}) => {
    if (new URL(url).protocol !== "https:") return fetch(url, { ...asked, redirect: "manual" });
    asked.signal?.throwIfAborted();
    try {
      return await exchange(agent, url, asked);
    } catch (cause) {
      asked.signal?.throwIfAborted();
      throw new TypeError(`fetch failed: ${tls.explain(cause) ?? "see the cause"}`, { cause });
    }
  };
}

async function exchange(agent: Agent, url: string | URL, asked: HttpRequest): Promise<Response> {
  const { method = "GET", headers = {}, body, signal } = asked;
  const sent = request(url, { agent, method, headers, ...(signal ? { signal } : {}) });
  const answered = once(sent, "response");
  sent.end(body);
  const [answer]: IncomingMessage[] = await answered;
  if (!answer) throw new Error("there was no answer");
  const status = answer.statusCode ?? 0;
  const isBodiless = method === "HEAD" || BODILESS.has(status);
  if (isBodiless) answer.resume();
  return new Response(isBodiless ? null : answer, { status, headers: headersOf(answer) });
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return headers;
}
