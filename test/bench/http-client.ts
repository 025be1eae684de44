import { Agent, request } from "node:http";

const TIME_LIMIT = 60_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * HTTP over connections that are kept, with as little in between as can be: what the client costs is taken from the
 * processors of the cloud that it measures.
 */
export class HttpClient {
  readonly #agent: Agent;

  /** @param connections how many it has open at most */
  constructor(connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "fifo" });
  }

  /** Sends a request, whatever it is answered with. @throws when there is no answer within a minute */
  send(
    method: string,
    url: URL,
    headers: Readonly<Record<string, string>>,
    body?: string | Uint8Array,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: url.hostname,
          port: url.port,
          path: url.pathname + url.search,
          method,
          headers: body === undefined ? headers : { ...headers, "content-length": String(Buffer.byteLength(body)) },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () => {
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
          });
        },
      );
      sent.setTimeout(TIME_LIMIT, () => sent.destroy(new Error(`no answer within ${TIME_LIMIT / 1_000} s`)));
      sent.on("error", (cause) => reject(new Error(`${method} ${url} failed: ${cause.message}`, { cause })));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
