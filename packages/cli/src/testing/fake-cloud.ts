import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as it came in. */
export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly token: string | undefined;
  readonly version: string | undefined;
  readonly body: unknown;
}

/** What is answered: a status and JSON, or nothing, ever. */
export type FakeAnswer = readonly [status: number, body: unknown] | "silence";

export const PASSWORD = "correct-horse";

/** An identity service and whatever else a test puts behind it, over HTTP. */
export class FakeCloud {
  readonly seen: SeenRequest[] = [];
  /** Answers by method and path without its query: `GET /compute/servers`. */
  readonly answers = new Map<string, FakeAnswer>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeCloud> {
    const server = createServer((request, response) => void cloud.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const cloud = new FakeCloud(server, `http://127.0.0.1:${port}`);
    return cloud;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const content = await text(request);
    const body: unknown = content === "" ? undefined : JSON.parse(content);
    const header = (name: string) => headers[name]?.toString();
    this.seen.push({
      method,
      path: url,
      token: header("x-auth-token"),
      version: header("openstack-api-version"),
      body,
    });
    const [path] = url.split("?");
    const answer = this.answers.get(`${method} ${path}`) ?? this.#logIn(`${method} ${path}`, content) ?? NOT_FOUND;
    if (answer === "silence") return;
    response.writeHead(answer[0], { "content-type": "application/json", "x-subject-token": "the-token" });
    response.end(typeof answer[1] === "string" ? answer[1] : JSON.stringify(answer[1]));
  }

  #logIn(what: string, content: string): FakeAnswer | undefined {
    if (what !== "POST /identity/v3/auth/tokens") return undefined;
    if (!content.includes(PASSWORD)) return [401, { error: { code: 401, message: "The request you have made…" } }];
    const endpoint = (service: string, region_id: string, place: string) => ({
      interface: service,
      region_id,
      url: `${this.url}${place}`,
    });
    const catalog = [
      { type: "image", endpoints: [endpoint("public", "RegionOne", "/image")] },
      {
        type: "compute",
        endpoints: [
          endpoint("internal", "RegionOne", "/internal"),
          endpoint("public", "RegionOne", "/compute/"),
          endpoint("public", "RegionTwo", "/two"),
        ],
      },
    ];
    return [201, { token: { catalog, methods: ["password"] } }];
  }
}

const NOT_FOUND: FakeAnswer = [404, { itemNotFound: { code: 404, message: "The resource could not be found." } }];
