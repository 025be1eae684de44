import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { KilonovaError, messageOf } from "@kilonova/messaging";
import type { Logger } from "@kilonova/plugin-api";
import { type AdminAddress, adminAddressText } from "./admin-address.js";
import type { Health } from "./health.js";

/** Milliseconds for a request to come, and for a connection on which nothing does. */
const REQUEST_TIME = 5_000;
const IDLE_TIME = 60_000;
/** More than probes and scrapers have open. */
const MOST_CONNECTIONS = 64;

/** What an admin listener tells of. */
export interface AdminWorld {
  readonly health: Health;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly logger: Logger;
}

/**
 * Answers whoever watches over a process: `/metrics` for Prometheus, `/healthz` while its event loop turns, `/readyz`
 * whether it can be given work. It listens from before the process is connected to anything until all else has stopped.
 */
export class AdminListener {
  readonly #server: Server;
  #address: AdminAddress | undefined;

  private constructor(private readonly world: AdminWorld) {
    this.#server = createServer(
      { requestTimeout: REQUEST_TIME, headersTimeout: REQUEST_TIME, keepAliveTimeout: IDLE_TIME },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  /** @throws KilonovaError `listen.failed` where the address cannot be had */
  static async start(address: AdminAddress, world: AdminWorld): Promise<AdminListener> {
    const listener = new AdminListener(world);
    try {
      await listener.#listen(address);
    } catch (cause) {
      throw new KilonovaError(
        "listen.failed",
        `${adminAddressText(address)} cannot be listened on: ${messageOf(cause)}. Correct option admin.listen, or stop who has it.`,
        { cause },
      );
    }
    // What goes wrong with it must not end the process that it only watches.
    listener.#server.on("error", (error) =>
      world.logger.warn({ error: messageOf(error) }, "the admin listener failed"),
    );
    world.logger.info({ address: adminAddressText(listener.address) }, "metrics and health are answered");
    return listener;
  }

  /** Where it listens: for port 0, the one that was found. */
  get address(): AdminAddress {
    if (!this.#address) throw new KilonovaError("internal", "the admin listener has not started");
    return this.#address;
  }

  /** Safe to repeat. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(address: AdminAddress): Promise<void> {
    if ("path" in address) await removeLeftSocket(address.path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // Each worker of a cluster answers for itself: none shares an address with another.
      this.#server.listen({ ...address, exclusive: true }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const bound = this.#server.address();
    this.#address =
      "host" in address && typeof bound === "object" && bound ? { ...address, port: bound.port } : address;
  }

  async #answer({ method, url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== "GET" && method !== "HEAD")
      return this.#send(response, 405, JSON_TYPE, problem("Only GET is answered."));
    try {
      switch (url.split("?")[0]) {
        case "/metrics": {
          const text = await this.world.metrics.text();
          return this.#send(response, 200, this.world.metrics.contentType, text);
        }
        case "/healthz":
          return this.#send(response, 200, JSON_TYPE, JSON.stringify({ status: "ok" }));
        case "/readyz": {
          const { isReady, checks } = await this.world.health.readiness();
          const body = JSON.stringify({ status: isReady ? "ready" : "not ready", checks });
          return this.#send(response, isReady ? 200 : 503, JSON_TYPE, body);
        }
        default:
          return this.#send(response, 404, JSON_TYPE, problem("There are /metrics, /healthz and /readyz."));
      }
    } catch (error) {
      this.world.logger.error({ error: messageOf(error) }, "an admin request failed");
      this.#send(response, 500, JSON_TYPE, problem("An internal error; the log of the process says more."));
    }
  }

  #send(response: ServerResponse, status: number, type: string, body: string): void {
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
  }
}

const JSON_TYPE = "application/json";

function problem(message: string): string {
  return JSON.stringify({ error: message });
}

/** A process that was killed leaves its socket: one on which nobody answers is in nobody's way. */
async function removeLeftSocket(path: string): Promise<void> {
  const isLeft = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
  if (isLeft) await rm(path, { force: true });
}
