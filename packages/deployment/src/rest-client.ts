import { KilonovaError, messageOf } from "@kilonova/messaging";
import { type ClientTls, type HttpFetch, type HttpRequest, httpFetch } from "@kilonova/plugin-api";
import { z } from "zod";

/** Who logs in, and where. */
export interface Credentials {
  /** Ends in `/v3`. */
  readonly identityUrl: string;
  readonly userName: string;
  readonly projectName: string;
  readonly password: string;
  /** How https addresses are trusted; as Node.js does where nothing is said. */
  readonly tls?: ClientTls | undefined;
}

const tokenSchema = z.object({
  token: z.object({
    catalog: z.array(
      z.object({ type: z.string(), endpoints: z.array(z.object({ interface: z.string(), url: z.string() })) }),
    ),
  }),
});

/** A small client of the OpenStack APIs, for what the cloud does for itself by the same doors as everybody. */
export class RestClient {
  private constructor(
    private readonly ask: HttpFetch,
    private readonly token: string,
    private readonly endpoints: ReadonlyMap<string, string>,
  ) {}

  /** @throws KilonovaError `internal` with the answer, when it is not taken in */
  static async login({ identityUrl, userName, projectName, password, tls }: Credentials): Promise<RestClient> {
    const domain = { id: "default" };
    const body = {
      auth: {
        identity: { methods: ["password"], password: { user: { name: userName, password, domain } } },
        scope: { project: { name: projectName, domain } },
      },
    };
    const ask = httpFetch(tls);
    const response = await send(ask, `${identityUrl}/auth/tokens`, {
      method: "POST",
      headers: JSON_BODY,
      body: JSON.stringify(body),
    });
    const { token } = tokenSchema.parse(await response.json());
    const urls = token.catalog.flatMap(({ type, endpoints }) =>
      endpoints.filter((endpoint) => endpoint.interface === "public").map(({ url }) => [type, url] as const),
    );
    return new RestClient(ask, response.headers.get("x-subject-token") ?? "", new Map(urls));
  }

  /** Sends JSON to a service of the catalog and reads what comes back by a schema. */
  async json<Schema extends z.ZodType>(
    schema: Schema,
    method: "GET" | "POST" | "PUT",
    service: string,
    path: string,
    body?: unknown,
  ): Promise<z.output<Schema>> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await send(this.ask, this.#url(service, path), {
      method,
      headers: { ...JSON_BODY, ...this.#auth(service) },
      ...sent,
    });
    return schema.parse(await response.json());
  }

  async delete(service: string, path: string): Promise<void> {
    await send(this.ask, this.#url(service, path), { method: "DELETE", headers: this.#auth(service) });
  }

  /** Sends bytes. */
  async upload(service: string, path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { "content-type": "application/octet-stream", ...this.#auth(service) };
    await send(this.ask, this.#url(service, path), { method: "PUT", headers, body: bytes });
  }

  #url(service: string, path: string): string {
    const url = this.endpoints.get(service);
    if (!url) throw new KilonovaError("internal", `The catalog has no endpoint for ${service}.`);
    return url + path;
  }

  #auth(service: string): Record<string, string> {
    const version = service === "compute" ? { "openstack-api-version": "compute 2.96" } : {};
    return { "x-auth-token": this.token, ...version };
  }
}

const JSON_BODY = { "content-type": "application/json", accept: "application/json" };
const TIME_LIMIT = 30_000;

async function send(ask: HttpFetch, url: string, asked: HttpRequest): Promise<Response> {
  try {
    const response = await ask(url, { ...asked, signal: AbortSignal.timeout(TIME_LIMIT) });
    if (response.ok) return response;
    throw new Error(`${response.status} ${(await response.text()).slice(0, 500)}`);
  } catch (cause) {
    throw new KilonovaError("internal", `${asked.method ?? "GET"} ${url} failed: ${messageOf(cause)}`, { cause });
  }
}
