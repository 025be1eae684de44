import type { Readable } from "node:stream";
import { RequestContext } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ApiFault, isApiFault } from "./api-fault.js";
import type { Links } from "./links.js";
import { Microversion } from "./microversion.js";
import { type Negotiated, Negotiator } from "./negotiation.js";
import { authenticated, type Policies, PolicyCheck } from "./policy.js";
import { globalRequestIdOf } from "./request-ids.js";
import type { AnyReply, RouteRequest } from "./route.js";
import { type CompiledRoute, compileRoutes, type RouteGroup, routeAt } from "./route-table.js";
import { faultOf } from "./thrown-fault.js";
import type { VersionDocument, WebService } from "./web-service.js";

/** What a web service gets of its listener. */
export interface MountWorld {
  readonly links: Links;
  readonly logger: Logger;
  readonly bodyLimit: number;
  readonly checkReplies: boolean;
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string;
}

/** What is known of a request between its hooks. */
interface RequestState {
  context: RequestContext;
  version: Microversion;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
const PROJECT = "/:project_id(^[0-9a-f-]{1,64}$)";

/** A web service mounted on a listener: its routes registered, everything compiled. */
export class MountedService {
  readonly #groups: readonly RouteGroup[];
  readonly #taken = new Map<string, Set<string>>();
  readonly #states = new WeakMap<FastifyRequest, RequestState>();
  readonly #negotiator: Negotiator | undefined;
  readonly #policies: Policies;
  readonly #log: Logger;

  constructor(
    readonly service: WebService,
    private readonly world: MountWorld,
  ) {
    this.#groups = compileRoutes(service);
    this.#negotiator = service.microversions && new Negotiator(service.microversions);
    this.#policies = { ...service.policies, public: () => true, authenticated };
    this.#log = world.logger.child({ service: service.service ?? service.name, webService: service.name });
  }

  /** Registers the routes that take a stream, or all others; what is wrong with any was said before. */
  register(app: FastifyInstance, stream: boolean): void {
    const groups = this.#groups.filter(({ bodyStream }) => bodyStream === stream);
    for (const group of groups) {
      const path = group.path.replace(/\{([^}]+)\}/g, ":$1");
      for (const prefix of this.service.projectInPath ? ["", PROJECT] : [""]) {
        const full = joined(this.service.root + prefix, path);
        this.#registerGroup(app, full, group);
        this.#taken.set(full, (this.#taken.get(full) ?? new Set()).add(group.method));
      }
    }
    if (stream) return;
    const { unversioned, versioned } = this.service.discovery ?? {};
    if (unversioned) this.#registerDocument(app, parentOf(this.service.root), unversioned);
    if (versioned && !this.#taken.get(this.service.root)?.has("GET"))
      this.#registerDocument(app, this.service.root, versioned);
  }

  /** The methods that a path does not have are a 405: the last to be registered. */
  registerOthers(app: FastifyInstance): void {
    for (const [path, methods] of this.#taken) this.#registerOthers(app, path, methods);
  }

  /** True for a path under the root. */
  isBelow(url: string): boolean {
    return isUnder(url, this.service.root);
  }

  /** True for a path under the root's parent. */
  isBeside(url: string): boolean {
    const parent = parentOf(this.service.root);
    return parent !== "" && isUnder(url, parent);
  }

  /** Answers a request below the root that no route matches. */
  async unrouted(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { catchAll } = this.service;
    if (!catchAll) throw new ApiFault(404, "The resource could not be found.");
    const context = await this.#authenticate(request);
    const path = request.url.slice(this.service.root.length).split("?")[0] ?? "/";
    return this.#send(reply, await catchAll({ context, method: request.method, path, headers: request.headers }));
  }

  /** Answers with the fault of whatever was thrown. */
  sendFault(thrown: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
    const { fault, isOurs } = faultOf(thrown, request.id);
    if (isOurs) this.#log.error({ requestId: request.id, method: request.method, err: thrown }, "a request failed");
    this.#setRequestId(request, reply);
    const { status, message, code, headers } = fault;
    const body = this.service.faultStyle({ status, message, code, requestId: request.id });
    return reply.code(status).headers(headers).type("application/json").send(JSON.stringify(body));
  }

  #registerGroup(app: FastifyInstance, url: string, group: RouteGroup): void {
    app.route({
      method: group.method,
      url,
      bodyLimit: group.bodyLimit ?? this.world.bodyLimit,
      config: { bodyStream: group.bodyStream },
      onRequest: (request, reply) => this.#begin(group, request, reply),
      handler: (request, reply) => this.#handle(group, request, reply),
    });
  }

  #registerDocument(app: FastifyInstance, url: string, document: VersionDocument): void {
    app.get(url === "" ? "/" : url, async (request, reply) => {
      this.#setRequestId(request, reply);
      return reply
        .code(document.status)
        .type("application/json")
        .send(JSON.stringify(document.body(this.world.links)));
    });
  }

  #registerOthers(app: FastifyInstance, url: string, methods: ReadonlySet<string>): void {
    const allowed = [...methods].sort().join(", ");
    app.route({
      method: METHODS.filter((method) => !methods.has(method) && !app.hasRoute({ method, url })),
      url,
      onRequest: async () => {
        throw new ApiFault(405, "The method is not allowed for this resource.", { headers: { Allow: allowed } });
      },
      handler: () => undefined,
    });
  }

  /** Before the body is read: who asks, which version, which media type. */
  async #begin(group: RouteGroup, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.#setRequestId(request, reply);
    if (request.url.includes("%00")) throw new ApiFault(400, "Invalid input: a NUL in the address.");
    const context = group.isPublic ? this.#base(request) : await this.#authenticate(request);
    const negotiated: Negotiated | undefined = this.#negotiator?.negotiate(request.headers);
    if (negotiated) reply.headers(negotiated.headers);
    this.#states.set(request, { context, version: negotiated?.version ?? Microversion.none });
    checkMediaType(group, request);
  }

  async #handle(group: RouteGroup, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { context, version } = this.#stateOf(request);
    const params = request.params as Readonly<Record<string, string>>;
    if (this.service.projectInPath && params["project_id"] !== undefined)
      this.#checkProject(group, params["project_id"], context);
    const found = routeAt(routesFor(group, request.body), version);
    if (!found) throw new ApiFault(404, "The resource could not be found.");
    const answer = await found.handle(this.#checked(found, request, context, version));
    if (this.world.checkReplies && !isApiFault(answer)) checkReply(found, answer, version);
    return this.#send(reply, answer);
  }

  #checked(
    found: CompiledRoute,
    request: FastifyRequest,
    context: RequestContext,
    version: Microversion,
  ): RouteRequest {
    const { spec } = found;
    const params = request.params as Readonly<Record<string, string>>;
    const policy = new PolicyCheck(this.#policies, context);
    policy.authorize(spec.policy, { ...params });
    found.params?.(params);
    const query = found.query(version)?.(request.query) ?? {};
    const checkBody = found.body?.(version);
    const at = request.url.indexOf("?");
    return {
      context,
      params,
      query: query as RouteRequest["query"],
      body: (spec.bodyStream ? request.body : checkBody?.(request.body)) as RouteRequest["body"],
      version,
      headers: request.headers,
      policy,
      links: this.world.links,
      queryText: at < 0 ? "" : request.url.slice(at + 1),
    };
  }

  #send(reply: FastifyReply, answer: AnyReply | ApiFault): unknown {
    if (isApiFault(answer)) throw answer;
    if (answer.headers) reply.headers(answer.headers);
    reply.code(answer.status);
    if (answer.body === undefined) return reply.send();
    if (isBytes(answer.body)) {
      if (!reply.hasHeader("content-type")) reply.type("application/octet-stream");
      return reply.send(answer.body);
    }
    if (!reply.hasHeader("content-type")) reply.type("application/json");
    return reply.send(JSON.stringify(answer.body));
  }

  #base(request: FastifyRequest): RequestContext {
    const globalRequestId = globalRequestIdOf(request.headers);
    return new RequestContext({ requestId: request.id, ...(globalRequestId === undefined ? {} : { globalRequestId }) });
  }

  async #authenticate(request: FastifyRequest): Promise<RequestContext> {
    const base = this.#base(request);
    for (const authenticator of this.service.authenticators) {
      const answer = await authenticator.authenticate(request.headers, base);
      if (answer === "invalid") break;
      if (answer) return answer;
    }
    throw new ApiFault(401, "The request you have made requires authentication.", {
      headers: { "WWW-Authenticate": this.world.challenge },
    });
  }

  /** The project in a path is the token's, for an administrator too. */
  #checkProject(group: RouteGroup, projectId: string, context: RequestContext): void {
    if (group.isPublic || projectId === context.projectId) return;
    throw new ApiFault(400, `The project in the path, ${projectId}, is not the one that the token is for.`);
  }

  #stateOf(request: FastifyRequest): RequestState {
    const state = this.#states.get(request);
    if (!state) throw new TypeError("a request was handled before it began");
    return state;
  }

  #setRequestId(request: FastifyRequest, reply: FastifyReply): void {
    reply.header("x-openstack-request-id", request.id);
    if (this.service.requestIdHeader) reply.header(this.service.requestIdHeader, request.id);
  }
}

/** The routes that a body asks for: those of its action, where the path has actions. */
function routesFor(group: RouteGroup, body: unknown): readonly CompiledRoute[] {
  const plain = group.byAction.get("");
  if (plain && group.byAction.size === 1) return plain;
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new ApiFault(400, "Malformed request body.");
  const keys = Object.keys(body);
  const action = keys.find((key) => key !== "" && group.byAction.has(key));
  const routes = action === undefined ? plain : group.byAction.get(action);
  if (routes) return routes;
  throw new ApiFault(400, `There is no such action: ${JSON.stringify((keys[0] ?? "").slice(0, 64))}.`);
}

function checkMediaType(group: RouteGroup, request: FastifyRequest): void {
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || (request.headers["content-length"] ?? "0") !== "0";
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  // Without a body the header means nothing; without the header the body is taken for what the route expects.
  if (!hasBody || type === undefined || type === "" || group.method === "GET" || group.method === "HEAD") return;
  if (group.mediaTypes.has(type)) return;
  throw new ApiFault(415, `Unsupported Content-Type; expected ${[...group.mediaTypes].join(" or ")}.`);
}

function checkReply(found: CompiledRoute, answer: AnyReply, version: Microversion): void {
  if (!found.replies.has(answer.status)) throw new TypeError(`${found.spec.path} declares no reply ${answer.status}`);
  const problem = found.replies.get(answer.status)?.(version)?.(answer.body);
  if (problem) throw new TypeError(`${found.spec.path} answers what it does not declare: ${problem}`);
}

function isBytes(body: unknown): body is Readable | Buffer {
  return Buffer.isBuffer(body) || (typeof body === "object" && body !== null && "pipe" in body);
}

function joined(root: string, path: string): string {
  const full = path === "/" ? root : root + path;
  return full === "" ? "/" : full;
}

function isUnder(url: string, path: string): boolean {
  return url.startsWith(path) && ["", "/", "?"].includes(url.charAt(path.length));
}

function parentOf(root: string): string {
  return root.slice(0, root.lastIndexOf("/"));
}
