import type { RequestListener } from "node:http";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type InjectOptions,
  type LightMyRequestResponse,
} from "fastify";
import { ApiFault } from "./api-fault.js";
import { jsonOf, streamOf } from "./body-parsers.js";
import { identityFaults } from "./fault-style.js";
import { Links } from "./links.js";
import { MountedService } from "./mounted-service.js";
import { newRequestId } from "./request-ids.js";
import { traceRequests } from "./request-spans.js";
import { faultOf } from "./thrown-fault.js";
import type { WebService } from "./web-service.js";

/** Bytes of a body that a route takes unless it says otherwise: OpenStack's own limit. */
export const DEFAULT_BODY_LIMIT = 114_688;

/** A connection on which nothing moves for so many milliseconds is closed; longer than any call may take. */
const IDLE_TIMEOUT = 120_000;
/** Milliseconds after which a connection that is kept alive is closed where no request comes. */
const KEEP_ALIVE_TIMEOUT = 72_000;

export interface WebListenerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** How users reach the listener, `https://cloud.example.org:8774`; without it, by its own host and port. */
  readonly publicEndpoint?: string;
  /** Where a token is to be had, for the 401s: `https://cloud.example.org:8774/identity/v3`. */
  readonly authenticateUri?: string;
  /** Certificate and key, read anew at each call: at the start, and at SIGHUP. With it, the port speaks TLS alone. */
  readonly tls?: () => ServerTls;
  readonly logger: Logger;
  /** In bytes; {@link DEFAULT_BODY_LIMIT} where nothing is said. */
  readonly bodyLimit?: number;
  /** What `GET /healthcheck` says of the process; `ok` where nothing is said. */
  readonly health?: () => HealthStatus;
  /** Checks every reply against what its route declares, and answers 500 where it differs: for tests. */
  readonly checkReplies?: boolean;
}

/** What a server shows of itself, and since when of TLS it speaks. */
export type ServerTls = Pick<ServerOptions, "cert" | "key" | "minVersion">;

/** `degraded`: it serves, but without something that its configuration asks for. */
export type HealthStatus = "ok" | "degraded";

/** Where a listener listens. */
export interface WebAddress {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8774`, or `https://…` */
  readonly url: string;
}

/** Whoever watches over a process asks here, without a token. */
const HEALTHCHECK = "/healthcheck";

/**
 * Listens on one port and carries many web services, each under its root. Its life is a service's: `start`, `wait`,
 * `reset` at SIGHUP, `stop`.
 */
export class WebListener {
  readonly #app: FastifyInstance;
  #close: () => void = () => {};
  readonly #closed = new Promise<void>((resolve) => {
    this.#close = resolve;
  });
  readonly #mounted: readonly MountedService[];
  /** One for each address that the host's name stands for; none where it speaks plain HTTP. */
  readonly #tlsServers: Server[] = [];
  #address: WebAddress | undefined;

  /** @throws TypeError for a mistake in a web service's declaration; what `options.tls` throws */
  constructor(
    private readonly options: WebListenerOptions,
    private readonly services: readonly WebService[],
  ) {
    const { tls } = options;
    this.#app = fastify({
      ...(tls ? { serverFactory: (handler: RequestListener) => this.#serveTls(tls(), handler) } : {}),
      genReqId: newRequestId,
      exposeHeadRoutes: false,
      forceCloseConnections: "idle",
      connectionTimeout: IDLE_TIMEOUT,
      routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 1024 },
      frameworkErrors: (error, request, reply) =>
        void this.#fail(error, request as FastifyRequest, reply as unknown as FastifyReply),
    });
    const endpoint = () => options.publicEndpoint?.replace(/\/+$/, "") ?? this.address.url;
    this.#mounted = services.map(
      (service) =>
        new MountedService(service, {
          links: new Links(endpoint, service.root),
          logger: options.logger,
          bodyLimit: options.bodyLimit ?? DEFAULT_BODY_LIMIT,
          checkReplies: options.checkReplies ?? false,
          challenge: options.authenticateUri === undefined ? "Keystone" : `Keystone uri="${options.authenticateUri}"`,
        }),
    );
    traceRequests(this.#app, (path) => path !== HEALTHCHECK);
    this.#app.removeAllContentTypeParsers();
    this.#app.setErrorHandler((error, request, reply) => this.#fail(error, request, reply));
    this.#app.setNotFoundHandler((request, reply) => this.#notFound(request, reply));
    this.#register(false);
    this.#register(true);
    this.#registerHealthcheck();
  }

  /** Where it listens. @throws KilonovaError `internal` before `start` */
  get address(): WebAddress {
    if (this.#address) return this.#address;
    throw new KilonovaError("internal", "The listener has no address before it has started.");
  }

  /** @throws KilonovaError `listen.failed` where the port cannot be had */
  async start(): Promise<void> {
    const { host, port } = this.options;
    await this.#app.ready();
    try {
      await this.#app.listen({ host, port });
    } catch (error) {
      await this.#app.close();
      throw new KilonovaError("listen.failed", listenWords(host, port, error), { cause: error });
    }
    const bound = this.#app.server.address() as AddressInfo;
    const shown = host.includes(":") ? `[${host}]` : host;
    this.#address = {
      host,
      port: bound.port,
      url: `${this.#tlsServers.length > 0 ? "https" : "http"}://${shown}:${bound.port}`,
    };
  }

  /**
   * Takes no new requests, closes idle connections, lets running requests finish.
   *
   * @param drain milliseconds until the connections that are still there are cut
   */
  async stop(drain: number): Promise<void> {
    const cut = setTimeout(() => this.#app.server.closeAllConnections(), drain);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(cut);
      this.#close();
    }
  }

  /** Resolves when it has been stopped. */
  async wait(): Promise<void> {
    await this.#closed;
  }

  /**
   * SIGHUP: connections from now on get the certificate that there is now; each web service drops what it has cached. One
   * that fails keeps no other from it.
   */
  async reset(): Promise<void> {
    this.#renewCertificate();
    for (const service of this.services) {
      try {
        await service.reset?.();
      } catch (error) {
        const fields = { webService: service.name, error: messageOf(error) };
        this.options.logger.error(fields, "a web service could not be reset");
      }
    }
  }

  /** Answers a request without a socket: for tests. */
  async inject(request: InjectOptions | string): Promise<LightMyRequestResponse> {
    return await this.#app.inject(request);
  }

  /** With the time limits that a plain one has. */
  #serveTls(tls: ServerTls, handler: RequestListener): Server {
    const server = createServer(tls, handler);
    server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT;
    server.requestTimeout = 0;
    server.setTimeout(IDLE_TIMEOUT);
    this.#tlsServers.push(server);
    return server;
  }

  /** Where the new one cannot be used, the old one stays. */
  #renewCertificate(): void {
    if (!this.options.tls) return;
    try {
      const tls = this.options.tls();
      for (const server of this.#tlsServers) server.setSecureContext(tls);
    } catch (error) {
      this.options.logger.error(
        { error: messageOf(error) },
        "the certificate is not renewed: the one from before stays",
      );
    }
  }

  #register(stream: boolean): void {
    this.#app.register(async (scope) => {
      if (stream) scope.addContentTypeParser("*", streamOf);
      else scope.addContentTypeParser("*", { parseAs: "string" }, jsonOf);
      for (const mounted of this.#mounted) mounted.register(scope, stream);
      if (stream) for (const mounted of this.#mounted) mounted.registerOthers(scope);
    });
  }

  /** After the web services' own routes: one may have a path of that name. */
  #registerHealthcheck(): void {
    this.#app.register(async (scope) => {
      for (const method of ["GET", "HEAD"] as const) {
        if (scope.hasRoute({ method, url: HEALTHCHECK })) continue;
        scope.route({
          method,
          url: HEALTHCHECK,
          handler: async (_request, reply) =>
            reply
              .header("cache-control", "no-store")
              .type("application/json")
              .send(JSON.stringify({ status: this.options.health?.() ?? "ok" } satisfies { status: HealthStatus })),
        });
      }
    });
  }

  #fail(error: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
    const mounted = this.#mountedAt(request.url);
    if (mounted) return mounted.sendFault(error, request, reply);
    const { fault, isOurs } = faultOf(error, request.id);
    if (isOurs) this.options.logger.error({ requestId: request.id, err: error }, "a request failed");
    const { status, message, code } = fault;
    const body = identityFaults({ status, message, code, requestId: request.id });
    return reply.code(status).type("application/json").send(JSON.stringify(body));
  }

  async #notFound(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const mounted = this.#mountedAt(request.url);
    if (mounted?.isBelow(request.url)) return await mounted.unrouted(request, reply);
    throw new ApiFault(404, "The resource could not be found.");
  }

  /** The web service whose words a fault at a path is told in. */
  #mountedAt(url: string): MountedService | undefined {
    return this.#mounted.find((one) => one.isBelow(url)) ?? this.#mounted.find((one) => one.isBeside(url));
  }
}

function listenWords(host: string, port: number, error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken by another process. Stop that one, or choose another port.`;
  }
  if (code === "EACCES") return `Port ${port} of ${host} may not be used by this user. Choose one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `${host} is no address of this machine. Choose another host.`;
  return `Port ${port} of ${host} cannot be listened on: ${messageOf(error)}.`;
}
