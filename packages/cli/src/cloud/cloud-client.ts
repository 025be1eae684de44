import { type ClientTls, clientTls, isConfigurationError } from "@kilonova/config";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import { type HttpFetch, httpFetch } from "@kilonova/plugin-api";
import { z } from "zod";
import { printable } from "../terminal.js";
import type { Credentials } from "./credentials.js";

/** The first microversion that has all that commands ask for. */
const COMPUTE_VERSION = "2.74";
/** Milliseconds for an answer: a cloud lets its own calls take a minute. */
const PATIENCE = 65_000;

const tokenSchema = z.object({
  token: z.object({
    catalog: z.array(
      z.object({
        type: z.string(),
        endpoints: z.array(z.object({ interface: z.string(), region_id: z.string().nullish(), url: z.string() })),
      }),
    ),
  }),
});

type Catalog = z.output<typeof tokenSchema>["token"]["catalog"];

/** The services that commands talk to. */
export type CloudService = "compute" | "image";

export type CloudQuery = Readonly<Record<string, string | number | undefined>>;

interface Asked {
  readonly query?: CloudQuery;
  readonly body?: unknown;
}

/** How a cloud is asked. */
interface Way {
  readonly ask: HttpFetch;
  readonly source: string;
  /** Milliseconds for an answer. */
  readonly patience: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A cloud over HTTP, as a user. Whatever is refused is thrown in words that say what to do next. */
export class CloudClient {
  private constructor(
    private readonly credentials: Credentials,
    private readonly token: string,
    private readonly catalog: Catalog,
    private readonly way: Way,
  ) {}

  /**
   * Logs in by password.
   *
   * @param patience milliseconds that each answer may take
   * @throws KilonovaError `cloud.unknown` for the file of authorities, `cloud.unreachable`, `cloud.refused`
   */
  static async logIn(credentials: Credentials, patience: number = PATIENCE): Promise<CloudClient> {
    const { authUrl, source } = credentials;
    const way = { ask: httpFetch(trustOf(credentials)), source, patience };
    const body = loginBody(credentials);
    const answer = await exchange("POST", `${authUrl}/auth/tokens`, {}, { body }, way);
    if (answer.status === 401) {
      throw refused(`${authUrl} does not take the user name and password of ${source}.`);
    }
    const token = answer.headers.get("x-subject-token");
    const known = tokenSchema.safeParse(answer.body);
    if (answer.status !== 201 || token === null || !known.success) {
      throw refused(`${authUrl} does not answer as an identity service (${words(answer)}); it is from ${source}.`);
    }
    return new CloudClient(credentials, token, known.data.token.catalog, way);
  }

  /**
   * What the compute service says at a path below its root.
   *
   * @throws KilonovaError `cloud.unreachable`, `cloud.refused`
   */
  async get<Schema extends z.ZodType>(schema: Schema, path: string, query?: CloudQuery): Promise<z.output<Schema>> {
    return await this.#ask(schema, "compute", "GET", path, query ? { query } : {});
  }

  /** The same; undefined where there is no such thing. */
  async find<Schema extends z.ZodType>(schema: Schema, path: string): Promise<z.output<Schema> | undefined> {
    const answer = await this.#send("compute", "GET", path, {});
    return answer.status === 404 ? undefined : this.#read(schema, answer, path);
  }

  /** What another service says. */
  async getFrom<Schema extends z.ZodType>(
    service: CloudService,
    schema: Schema,
    path: string,
    query: CloudQuery,
  ): Promise<z.output<Schema>> {
    return await this.#ask(schema, service, "GET", path, { query });
  }

  async post<Schema extends z.ZodType>(schema: Schema, path: string, body: unknown): Promise<z.output<Schema>> {
    return await this.#ask(schema, "compute", "POST", path, { body });
  }

  async #ask<Schema extends z.ZodType>(
    schema: Schema,
    service: CloudService,
    method: string,
    path: string,
    asked: Asked,
  ): Promise<z.output<Schema>> {
    return this.#read(schema, await this.#send(service, method, path, asked), path);
  }

  #send(service: CloudService, method: string, path: string, asked: Asked): Promise<Answer> {
    const headers = {
      "x-auth-token": this.token,
      ...(service === "compute" ? { "openstack-api-version": `compute ${COMPUTE_VERSION}` } : {}),
    };
    return exchange(method, `${this.#endpoint(service)}${path}`, headers, asked, this.way);
  }

  #read<Schema extends z.ZodType>(schema: Schema, answer: Answer, path: string): z.output<Schema> {
    if (answer.status === 403) {
      throw refused(
        `${messageIn(answer.body) ?? "That is forbidden"} (403). It takes an administrator: name such a cloud by --os-cloud.`,
      );
    }
    if (answer.status >= 400) throw refused(`The cloud refuses ${path}: ${words(answer)}`);
    const read = schema.safeParse(answer.body);
    if (!read.success) {
      throw refused(`The cloud answers ${path} with something else than this release knows. Is it another release?`);
    }
    return read.data;
  }

  #endpoint(type: CloudService): string {
    const { region, source } = this.credentials;
    const endpoints = this.catalog
      .filter((entry) => entry.type === type)
      .flatMap((entry) => entry.endpoints)
      .filter(({ region_id: id }) => region === undefined || id === region);
    const endpoint = endpoints.find((each) => each.interface === "public") ?? endpoints[0];
    if (endpoint) return endpoint.url.replace(/\/+$/, "");
    const where = region === undefined ? "" : ` in region ${region}`;
    throw refused(`The catalog of ${source} has no ${type} service${where}.`);
  }
}

/** By the file of authorities, where there is one. */
function trustOf({ caFile, source }: Credentials): ClientTls | undefined {
  if (caFile === undefined) return undefined;
  try {
    return clientTls("cloud", { sslCaFile: caFile });
  } catch (error) {
    const [problem] = isConfigurationError(error) ? error.problems : [];
    if (!problem) throw error;
    const found = `expected ${problem.expected}, received ${problem.received}`;
    const words = `The file of authorities for ${source}, ${caFile}, cannot be used: ${found}. Correct --os-cacert, OS_CACERT or cacert in clouds.yaml.`;
    throw new KilonovaError("cloud.unknown", words, { cause: error });
  }
}

function loginBody({ auth }: Credentials) {
  const domain = (id: string | undefined, name: string | undefined) =>
    id === undefined ? { name: name ?? "Default" } : { id };
  const user =
    auth.user_id === undefined
      ? { name: auth.username, domain: domain(auth.user_domain_id, auth.user_domain_name) }
      : { id: auth.user_id };
  const project =
    auth.project_id === undefined
      ? { name: auth.project_name, domain: domain(auth.project_domain_id, auth.project_domain_name) }
      : { id: auth.project_id };
  return {
    auth: {
      identity: { methods: ["password"], password: { user: { ...user, password: auth.password } } },
      scope: { project },
    },
  };
}

async function exchange(
  method: string,
  address: string,
  headers: Readonly<Record<string, string>>,
  { query = {}, body }: Asked,
  { ask, source, patience }: Way,
): Promise<Answer> {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  try {
    const response = await ask(url, {
      method,
      headers: {
        ...headers,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patience),
    });
    return { status: response.status, headers: response.headers, body: jsonOf(await response.text()) };
  } catch (error) {
    throw new KilonovaError(
      "cloud.unreachable",
      `${url.origin} cannot be reached: ${whyNot(error, patience)}. The address is that of ${source}; is that cloud up?`,
      { cause: error },
    );
  }
}

function whyNot(error: unknown, patience: number): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${patience / 1_000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : messageOf(cause);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `its certificate is for another name (${messageOf(cause)})`;
  if (code === "CERT_HAS_EXPIRED") return `its certificate has expired (${code})`;
  if (/CERT|SIGN/.test(code)) {
    return `its certificate is not trusted (${code}); --os-cacert, OS_CACERT or cacert in clouds.yaml names a file with its authority`;
  }
  return code;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const faultSchema = z.record(z.string(), z.unknown());

/** The words of an error: OpenStack puts them one level down, under a name that differs. */
function messageIn(body: unknown): string | undefined {
  const fault = faultSchema.safeParse(body);
  if (!fault.success) return undefined;
  for (const value of Object.values(fault.data)) {
    const inner = faultSchema.safeParse(value);
    const message = inner.success ? inner.data["message"] : undefined;
    if (typeof message === "string") return printable(message).replace(/\.$/, "");
  }
  return undefined;
}

function words({ status, body }: Answer): string {
  return `${messageIn(body) ?? "it says no more"} (${status}).`;
}

function refused(message: string): KilonovaError {
  return new KilonovaError("cloud.refused", message);
}
