import { setTimeout as sleep } from "node:timers/promises";
import type { RestClient } from "@kilonova/deployment";
import { KilonovaError } from "@kilonova/messaging";
import { z } from "zod";
import { type CloudServer, cloudServerSchema, type ServerStatus } from "./cloud-server.js";

/** Milliseconds between two looks at a server. */
const POLL = 25;
/** Milliseconds that a server may take to get where it is waited for. */
const PATIENCE = 30_000;

/** What a server shall be like; all of it has a preset. */
export interface ServerWish {
  readonly name?: string;
  /** A flavor's id; the preset's is of 1 VCPU, 64 MiB and 1 GiB. */
  readonly flavor?: string;
  /** An image's id; the preset's is a few bytes. */
  readonly image?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Scheduler hints, as filters and weighers see them. */
  readonly hints?: Readonly<Record<string, unknown>>;
  /** What else the Compute API takes in `server`, at microversion 2.96. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** What a cloud for tests is made of. */
export interface TestingCloudParts {
  readonly endpoint: string;
  readonly cloudsFile: string;
  readonly logFile: string;
  readonly admin: RestClient;
  readonly user: RestClient;
  readonly flavor: string;
  readonly image: string;
  readonly close: () => Promise<void>;
}

/** A whole cloud in this process: every service, over the memory transport, on a host whose guests are made up. */
export class TestingCloud {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** `clouds.yaml` with `kilonova` and `kilonova-admin`, for the openstack command. */
  readonly cloudsFile: string;
  /** What the services log. */
  readonly logFile: string;
  /** Logged in as an administrator. */
  readonly admin: RestClient;
  /** Logged in as an ordinary user, in a project of its own: who asks for servers. */
  readonly user: RestClient;

  constructor(private readonly parts: TestingCloudParts) {
    this.endpoint = parts.endpoint;
    this.cloudsFile = parts.cloudsFile;
    this.logFile = parts.logFile;
    this.admin = parts.admin;
    this.user = parts.user;
  }

  /**
   * Asks for a server through the Compute API, as the ordinary user.
   *
   * @returns its id; it is being built then
   * @throws KilonovaError with what the API answers, where it refuses
   */
  async createServer(wish: ServerWish = {}): Promise<string> {
    const { name = "sample", flavor = this.parts.flavor, image = this.parts.image, metadata = {}, hints, body } = wish;
    const server = { name, flavorRef: flavor, imageRef: image, networks: "auto", metadata, ...body };
    const made = await this.user.json(
      z.object({ server: z.object({ id: z.string() }) }),
      "POST",
      "compute",
      "/servers",
      {
        server,
        ...(hints ? { "os:scheduler_hints": hints } : {}),
      },
    );
    return made.server.id;
  }

  /** A server as an administrator sees it; undefined where there is none of that id. */
  async server(id: string): Promise<CloudServer | undefined> {
    const listed = z.object({ servers: z.array(cloudServerSchema) });
    const path = `/servers/detail?all_tenants=1&uuid=${encodeURIComponent(id)}`;
    const { servers } = await this.admin.json(listed, "GET", "compute", path);
    return servers.find((server) => server.id === id);
  }

  /**
   * Waits until a server has come so far.
   *
   * @returns it as it is then; undefined for `DELETED`
   * @throws KilonovaError `virt.failed` with its fault where it is in error instead; `rpc.deadlineExceeded` after 30 s
   */
  async waitForServer(id: string, status: "DELETED"): Promise<undefined>;
  async waitForServer(id: string, status: Exclude<ServerStatus, "DELETED">): Promise<CloudServer>;
  async waitForServer(id: string, status: ServerStatus): Promise<CloudServer | undefined> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const server = await this.server(id);
      const now = server?.status ?? "DELETED";
      if (now === status) return server;
      if (now === "ERROR" || Date.now() > deadline) throw notReached(id, status, now, server);
      await sleep(POLL);
    }
  }

  /** Asks the Compute API to delete a server, as the ordinary user. Wait for `DELETED` to see it gone. */
  async deleteServer(id: string): Promise<void> {
    await this.user.delete("compute", `/servers/${encodeURIComponent(id)}`);
  }

  /** Stops everything and removes all that it left on the disk. Safe to repeat. */
  close(): Promise<void> {
    return this.parts.close();
  }
}

function notReached(id: string, wanted: string, now: string, server: CloudServer | undefined): KilonovaError {
  const fault = server?.fault ? `: ${server.fault.message}` : "";
  if (now === "ERROR") return new KilonovaError("virt.failed", `Server ${id} is in ERROR instead of ${wanted}${fault}`);
  return new KilonovaError(
    "rpc.deadlineExceeded",
    `Server ${id} is ${now} instead of ${wanted} after ${PATIENCE / 1_000} s.`,
  );
}
