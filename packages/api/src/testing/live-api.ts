import { computeMigrations, createFlavor } from "@kilonova/compute-store";
import type { ServiceRecord } from "@kilonova/contracts";
import {
  connectDatabase,
  type Database,
  DatabaseServiceRecords,
  frameworkMigrations,
  Migrator,
} from "@kilonova/database";
import { testDatabase } from "@kilonova/database/testing";
import { WebListener } from "@kilonova/http";
import { MemoryTransport, RequestContext, Rpc } from "@kilonova/messaging";
import { Authenticator, type RequestHeaders, ServiceGroupDriver, silentLogger } from "@kilonova/plugin-api";
import { sql } from "drizzle-orm";
import { apiOptions, quotaOptions } from "../options.js";
import { ServerManager } from "../servers/server-manager.js";
import { ApiWeb } from "../web.js";
import { FakePeers, HOST, sampleImage } from "./fake-peers.js";

export const PROJECT = "aaaaaaaa000040008000000000000001";
export const OTHER_PROJECT = "bbbbbbbb000040008000000000000002";
export const IMAGE = "1badcafe-0000-4000-8000-000000000001";

/** Who may ask in tests; the name is the token. */
const CALLERS = {
  member: { userId: "user-1", projectId: PROJECT, roles: ["member", "reader"], isAdmin: false },
  reader: { userId: "user-2", projectId: PROJECT, roles: ["reader"], isAdmin: false },
  stranger: { userId: "user-3", projectId: OTHER_PROJECT, roles: ["member"], isAdmin: false },
  admin: { userId: "user-4", projectId: "cccccccc000040008000000000000003", roles: ["admin"], isAdmin: true },
} as const;

export type Caller = keyof typeof CALLERS;

class TestAuthenticator extends Authenticator {
  async authenticate(headers: RequestHeaders, base: RequestContext): Promise<RequestContext | "invalid" | undefined> {
    const token = headers["x-auth-token"];
    if (token === undefined) return undefined;
    const caller = Object.hasOwn(CALLERS, String(token)) ? CALLERS[token as Caller] : undefined;
    return caller ? new RequestContext({ ...caller, roles: [...caller.roles], requestId: base.requestId }) : "invalid";
  }
}

class TestServiceGroup extends ServiceGroupDriver {
  async join(): Promise<void> {}
  async leave(): Promise<void> {}
  isUp({ forcedDown }: ServiceRecord): boolean {
    return !forcedDown;
  }
}

/** An answer of the api. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The JSON as it came; undefined where there was none. */
  readonly body: unknown;
}

/** What stands at a place in a body: `at(answer, "server", "links", 0, "href")`. */
export function at(answer: Answer, ...path: readonly (string | number)[]): unknown {
  let value = answer.body;
  for (const key of path) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return value;
}

export interface Asked {
  readonly as?: Caller | "nobody";
  /** `2.47`; none: 2.1. */
  readonly version?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The Compute API on a database of its own, its peers played by the test. */
export class LiveApi {
  private constructor(
    readonly database: Database,
    readonly peers: FakePeers,
    readonly rpc: Rpc,
    readonly listener: WebListener,
    readonly manager: ServerManager,
    private readonly closers: readonly (() => Promise<void>)[],
  ) {}

  static async start(
    quota: Readonly<Record<string, number>> = {},
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<LiveApi> {
    const test = await testDatabase();
    await new Migrator(test.url, [frameworkMigrations, computeMigrations]).migrate();
    const database = await connectDatabase({
      url: test.url,
      applicationName: "test",
      poolSize: 10,
      connectTimeout: 10_000,
      statementTimeout: 30_000,
    });
    const transport = new MemoryTransport();
    const rpc = new Rpc(transport);
    const peers = new FakePeers();
    await peers.serve(rpc);
    peers.images.set(IMAGE, sampleImage(IMAGE));
    const quotas = quotaOptions.schema.parse(quota);
    const manager = new ServerManager(database, rpc, silentLogger, quotas);
    const web = new ApiWeb(
      database,
      apiOptions.schema.parse(options),
      quotas,
      manager,
      new TestServiceGroup(),
      [new TestAuthenticator()],
      rpc,
      "nova",
    );
    const listener = new WebListener(
      { host: "127.0.0.1", port: 0, publicEndpoint: "http://cloud.test", logger: silentLogger, checkReplies: true },
      [web.webService()],
    );
    await new DatabaseServiceRecords(database).register({
      binary: "kilonova-compute",
      topic: "compute",
      host: HOST,
      contracts: {},
    });
    for (const [id, memoryMb, rootGb] of [
      ["1", 512, 1],
      ["2", 2048, 20],
      ["zero", 512, 0],
    ] as const) {
      await createFlavor(database, {
        id,
        name: `m1.${id}`,
        description: null,
        vcpus: 1,
        memoryMb,
        rootGb,
        ephemeralGb: 0,
        swapMb: 0,
        rxtxFactor: 1,
        isPublic: true,
        extraSpecs: { "hw:sample": "yes" },
      });
    }
    return new LiveApi(database, peers, rpc, listener, manager, [
      () => listener.stop(1_000),
      () => transport.close(),
      () => database.$client.end(),
      () => test.drop(),
    ]);
  }

  async ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, asked: Asked = {}): Promise<Answer> {
    const { as = "member", version, body, headers } = asked;
    const answer = await this.listener.inject({
      method,
      url: `/compute/v2.1${path}`,
      headers: {
        ...(as === "nobody" ? {} : { "x-auth-token": as }),
        ...(version === undefined ? {} : { "openstack-api-version": `compute ${version}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.payload === "" ? undefined : JSON.parse(answer.payload),
    };
  }

  get = (path: string, asked?: Asked) => this.ask("GET", path, asked);
  post = (path: string, body: unknown, asked?: Asked) => this.ask("POST", path, { ...asked, body });
  put = (path: string, body: unknown, asked?: Asked) => this.ask("PUT", path, { ...asked, body });
  delete = (path: string, asked?: Asked) => this.ask("DELETE", path, asked);

  /** Makes a server and answers its id. */
  async createServer(server: Readonly<Record<string, unknown>> = {}, asked: Asked = {}): Promise<string> {
    const body = { server: { name: "web", imageRef: IMAGE, flavorRef: "1", ...server } };
    const answer = await this.post("/servers", body, asked);
    if (answer.status !== 202) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return String(at(answer, "server", "id"));
  }

  /** What a compute does with a server that it has built: the server is there, its operation over. */
  async activate(id: string): Promise<void> {
    const networkInfo = [
      {
        portId: "p",
        networkId: "n",
        networkName: "private",
        macAddress: "fa:16:3e:00:00:01",
        addresses: [{ address: "10.0.0.5", version: 4, prefix: 24, gateway: null }],
        nameservers: [],
        mtu: 1500,
      },
    ];
    await this.database.execute(sql`
      update compute.servers set vm_state = 'active', task_state = null, power_state = 'running', host = ${HOST}, node = ${HOST},
        launched_at = now(), network_info = ${JSON.stringify(networkInfo)}::jsonb where id = ${id}`);
    await this.finish(id);
  }

  /** Ends what is being done to a server. */
  async finish(id: string): Promise<void> {
    await this.database.execute(sql`
      update compute.operations set state = 'done', finished_at = now(), owner = null, lease_until = null
      where server_id = ${id} and finished_at is null`);
  }

  async setState(id: string, vmState: string, taskState: string | null): Promise<void> {
    await this.database.execute(
      sql`update compute.servers set vm_state = ${vmState}, task_state = ${taskState} where id = ${id}`,
    );
  }

  async stop(): Promise<void> {
    for (const close of this.closers) await close();
  }
}
