import {
  type Compute,
  type Conductor,
  computeContract,
  conductorContract,
  type Image,
  imageContract,
  networkContract,
  type SchedulingDecision,
  schedulerContract,
} from "@kilonova/contracts";
import { type Listener, ok, type Rpc, type RpcEndpoint, type RpcHandler, refused } from "@kilonova/messaging";

export const NETWORK = "c0ffee00-0000-4000-8000-000000000001";
export const HOST = "host-1";

/** A cast that came in: who was woken, and for which operations. */
export interface Wake {
  readonly method: keyof Conductor["methods"] | keyof Compute["methods"];
  readonly operationIds: readonly string[];
}

/** The services that the api calls, played by a test: what they know, and what they were told. */
export class FakePeers {
  readonly images = new Map<string, Image>();
  readonly wakes: Wake[] = [];
  consoleOutput: string | "notSupported" = "";
  /** Whether the scheduler's strategy can say where servers would go. */
  canDryRun = true;
  /** How often the schedulers were told that hosts have changed. */
  hostNews = 0;
  /** What the scheduler was asked in the last dry run. */
  dryRun: Readonly<Record<string, unknown>> | undefined;
  /** The last length that was asked for. */
  consoleLength: number | null | undefined;

  readonly #listeners = new Map<string, Listener>();

  /** Nobody listens on a topic any more. */
  async leave(topic: string): Promise<void> {
    await this.#listeners.get(topic)?.stop();
  }

  async serve(rpc: Rpc): Promise<void> {
    const listen = async (topic: string, endpoints: readonly RpcEndpoint[]) => {
      this.#listeners.set(topic, await rpc.serve({ topic, server: HOST }, endpoints));
    };
    await listen("image", [
      {
        contract: imageContract,
        handlers: handlers({
          getImage: async (_context, { imageId }: { imageId: string }) => {
            const image = this.images.get(imageId);
            return image ? ok(image) : refused("imageNotFound", { imageId });
          },
        }),
      },
    ]);
    await listen("network", [
      {
        contract: networkContract,
        handlers: handlers({
          listNetworks: async () => [
            { id: NETWORK, name: "private", range: "10.0.0.0/24", gateway: null, shared: true },
          ],
        }),
      },
    ]);
    await listen("conductor", [
      {
        contract: conductorContract,
        handlers: handlers({
          scheduleAndBuildServers: async (_context, { operationIds }: { operationIds: string[] }) =>
            this.#woken("scheduleAndBuildServers", ...operationIds),
          deleteServer: async (_context, { operationId }: { operationId: string }) =>
            this.#woken("deleteServer", operationId),
        }),
      },
    ]);
    await listen("scheduler", [
      {
        contract: schedulerContract,
        handlers: handlers({
          hostsChanged: async () => {
            this.hostNews++;
          },
          dryRun: async (_context, args: { requestSpec: SchedulingDecision["requestSpec"] }) => {
            this.dryRun = args;
            return this.canDryRun
              ? ok(dryRunDecision(args.requestSpec))
              : refused("notSupported", { strategy: "Chance" });
          },
        }),
      },
    ]);
    const wake = (method: Wake["method"]) => async (_context: unknown, args: { operationId: string }) =>
      this.#woken(method, args.operationId);
    await listen("compute", [
      {
        contract: computeContract,
        handlers: handlers({
          startServer: wake("startServer"),
          stopServer: wake("stopServer"),
          rebootServer: wake("rebootServer"),
          deleteServer: wake("deleteServer"),
          getConsoleOutput: async (_context, { length }: { length: number | null }) => {
            this.consoleLength = length;
            return this.consoleOutput === "notSupported" ? refused("notSupported", {}) : ok(this.consoleOutput);
          },
        }),
      },
    ]);
  }

  #woken(method: Wake["method"], ...operationIds: string[]): void {
    this.wakes.push({ method, operationIds });
  }
}

function handlers(methods: Readonly<Record<string, RpcHandler>>): ReadonlyMap<string, RpcHandler> {
  return new Map(Object.entries(methods));
}

/** An image that any server can boot. */
export function sampleImage(id: string, changes: Partial<Image> = {}): Image {
  return {
    id,
    name: "tiny",
    status: "active",
    visibility: "public",
    ownerId: "somebody",
    diskFormat: "raw",
    containerFormat: "bare",
    size: 512,
    checksum: null,
    sha512: null,
    minDisk: 0,
    minRam: 0,
    properties: {},
    createdAt: "2026-01-01T00:00:00.000Z",
    ...changes,
  };
}

function dryRunDecision(requestSpec: SchedulingDecision["requestSpec"]): SchedulingDecision {
  return {
    id: "d1",
    at: "2026-01-01T00:00:00.000Z",
    scheduler: HOST,
    requestId: "req-1",
    reason: "create",
    projectId: requestSpec.projectId,
    userId: requestSpec.userId,
    serverIds: [],
    requestSpec,
    resourceRequest: null,
    profile: "default",
    outcome: "dry-run",
    message: null,
    hosts: 1,
    stages: [],
    weigherTimes: {},
    scores: [],
    selections: [],
    claims: { attempts: 0, refused: [] },
    milliseconds: 1,
    shared: false,
    chain: "c1",
    sequence: null,
  };
}
