import {
  type Compute,
  type Conductor,
  computeContract,
  conductorContract,
  type Image,
  imageContract,
  networkContract,
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
