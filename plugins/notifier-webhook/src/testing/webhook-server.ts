import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that arrived. */
export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody to post to: keeps what arrives, and answers as it is told. */
export class WebhookServer {
  readonly received: Received[] = [];
  /** 204 unless a test says otherwise. */
  answer: (response: ServerResponse, count: number) => void = (response) => response.writeHead(204).end();

  private constructor(
    readonly url: string,
    readonly end: () => Promise<void>,
  ) {}

  static async start(): Promise<WebhookServer> {
    const server = createServer((request, response) => {
      const { method, url: path, headers } = request;
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        made.received.push({ method, path, headers, body: Buffer.concat(parts).toString() });
        made.answer(response, made.received.length);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const made = new WebhookServer(`http://127.0.0.1:${port}`, () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    });
    return made;
  }
}
