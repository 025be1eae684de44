import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { type HttpAnswer, HttpClient } from "./http-client.js";

const cloudsSchema = z.object({
  clouds: z.record(
    z.string(),
    z.object({
      auth: z.object({ auth_url: z.url(), username: z.string(), password: z.string(), project_name: z.string() }),
    }),
  ),
});

const tokenSchema = z.object({
  token: z.object({
    catalog: z.array(
      z.object({ type: z.string(), endpoints: z.array(z.object({ interface: z.string(), url: z.url() })) }),
    ),
  }),
});

const MICROVERSION = "compute 2.96";

/** A user who logged in once, and the connections that he has. */
export class Session {
  private constructor(
    private readonly http: HttpClient,
    private readonly token: string,
    private readonly endpoints: ReadonlyMap<string, string>,
  ) {}

  /**
   * Gets a token from identity.
   *
   * @param cloud one of the file's
   * @param connections how many requests it can have under way at the same time
   */
  static async login(cloudsFile: string, cloud: string, connections = 1): Promise<Session> {
    const { clouds } = cloudsSchema.parse(parse(await readFile(cloudsFile, "utf8")));
    const auth = clouds[cloud]?.auth;
    if (!auth) throw new Error(`${cloudsFile} has no cloud ${cloud}`);
    const http = new HttpClient(connections);
    const domain = { id: "default" };
    const body = {
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: auth.username, password: auth.password, domain } },
        },
        scope: { project: { name: auth.project_name, domain } },
      },
    };
    const url = new URL(`${auth.auth_url}/auth/tokens`);
    const answer = await http.send("POST", url, { "content-type": "application/json" }, JSON.stringify(body));
    const { catalog } = tokenSchema.parse(read(expectGood(answer, `POST ${url}`))).token;
    const endpoints = catalog.flatMap(({ type, endpoints }) =>
      endpoints.filter((each) => each.interface === "public").map((each) => [type, each.url] as const),
    );
    return new Session(http, String(answer.headers["x-subject-token"]), new Map(endpoints));
  }

  /** Sends a request whose answer is not looked into. @throws unless it is a good one */
  async send(method: string, service: string, path: string, body?: string | Uint8Array): Promise<Buffer> {
    const url = new URL(this.#endpoint(service) + path);
    const headers = {
      "x-auth-token": this.token,
      "openstack-api-version": MICROVERSION,
      "content-type": typeof body === "object" ? "application/octet-stream" : "application/json",
    };
    return expectGood(await this.http.send(method, url, headers, body), `${method} ${url}`);
  }

  /** Sends JSON, and reads JSON by a schema. */
  async json<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    service: string,
    path: string,
    body?: object,
  ): Promise<z.output<Schema>> {
    return schema.parse(read(await this.send(method, service, path, body && JSON.stringify(body))));
  }

  close(): void {
    this.http.close();
  }

  #endpoint(service: string): string {
    const url = this.endpoints.get(service);
    if (url === undefined) throw new Error(`the catalog has no endpoint for ${service}`);
    return url;
  }
}

function expectGood({ status, body }: HttpAnswer, what: string): Buffer {
  if (status >= 200 && status < 300) return body;
  throw new Error(`${what} was answered with ${status}: ${body.toString("utf8").slice(0, 500)}`);
}

function read(body: Buffer): unknown {
  return JSON.parse(body.toString("utf8"));
}
