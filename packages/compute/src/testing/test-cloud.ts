import { randomUUID } from "node:crypto";
import {
  type Allocation,
  type Compute,
  type ComputeNode,
  type Conductor,
  computeContract,
  conductorContract,
  type Fault,
  imageContract,
  type NetworkInfo,
  type NetworkService,
  networkContract,
  type Operation,
  type OperationEvent,
  type Placement,
  type Provider,
  placementContract,
  type Server,
  type ServerChanges,
} from "@kilonova/contracts";
import { endpointOf, Hooks, Weaver } from "@kilonova/core";
import {
  type Args,
  KilonovaError,
  type Listener,
  MemoryTransport,
  MemoryWire,
  ok,
  RequestContext,
  type Result,
  Rpc,
  type RpcContract,
  type RpcHandler,
  refused,
} from "@kilonova/messaging";
import { type Clock, silentLogger, systemClock } from "@kilonova/plugin-api";
import { sampleServer, sampleVif } from "@kilonova/plugin-testing";
import { ComputeManager } from "../manager.js";
import { computeOptions } from "../options.js";
import { TestHost, TestNetworkDriver, TestVirtDriver } from "./test-hypervisor.js";

export const HOST = "host1";
export const LEASE = 60_000;

/** An operation as the test's conductor keeps it. */
export interface OperationRow {
  operation: Operation;
  owner: string | undefined;
  state: "pending" | "running" | "done" | "rescheduled";
  fault: Fault | null;
  events: readonly OperationEvent[];
}

/** The services that a compute talks to, as plain objects, and the computes of one host. */
export class TestCloud {
  readonly host = new TestHost();
  readonly servers = new Map<string, Server>();
  /** Servers that have been deleted, and are known to have been. */
  readonly deleted = new Set<string>();
  readonly networkInfos = new Map<string, NetworkInfo>();
  readonly operations = new Map<string, OperationRow>();
  readonly addresses = new Map<string, NetworkInfo>();
  readonly allocations = new Map<string, { fence: number; allocations: Allocation[] }>();
  /** Everything that the conductor was told of servers, in order: `networking`, `spawning`, `active`, … */
  readonly story: string[] = [];
  readonly synced: Args<Conductor, "syncPowerStates">["servers"] = [];
  renewals = 0;
  provider: Provider | undefined;
  inventoryWrites = 0;
  traitWrites = 0;
  node: ComputeNode | undefined;
  /** What the network service says instead of giving addresses. */
  networkRefusal: Result<NetworkService, "allocateForServer"> | undefined;
  /** What placement says instead of setting inventories, once each. */
  readonly inventoryRefusals: Result<Placement, "setInventories">[] = [];
  /** What placement says instead of setting traits, once each. */
  readonly traitRefusals: Result<Placement, "setTraits">[] = [];
  imageStatus = "active";
  /** So many times the conductor ends an operation and dies before it says so. */
  lostAnswers = 0;
  readonly #wire = new MemoryWire();
  readonly #listeners = new Map<string, Listener>();
  readonly #transports: MemoryTransport[] = [];
  readonly rpc: Rpc;

  constructor(readonly clock: Clock = systemClock) {
    this.rpc = this.#newRpc().rpc;
  }

  async open(): Promise<void> {
    for (const service of ["conductor", "placement", "network", "image"] as const) await this.serve(service);
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
  }

  /** A service comes up. */
  async serve(service: "conductor" | "placement" | "network" | "image"): Promise<void> {
    const [contract, handlers] = this.#services()[service];
    const endpoint = { contract, handlers: new Map(Object.entries(handlers)) };
    this.#listeners.set(service, await this.rpc.serve({ topic: contract.topic, server: "control" }, [endpoint]));
  }

  /** A service goes away. */
  async silence(service: string): Promise<void> {
    await this.#listeners.get(service)?.stop();
  }

  /** A compute comes up on the host, over what an earlier one has left there. */
  async startCompute(settings: object = {}, hooks = new Hooks(silentLogger)): Promise<TestCompute> {
    const { rpc, transport } = this.#newRpc();
    const virt = new TestVirtDriver(this.host);
    const options = computeOptions.schema.parse({ reservedHostMemoryMb: 0, ...settings });
    const network = new TestNetworkDriver(this.host);
    const manager = new ComputeManager(rpc, HOST, this.clock, silentLogger, options, virt, network, {});
    const locks = () => {
      throw new Error("no lock is taken across the cluster");
    };
    new Weaver({ hooks, clock: this.clock, locks }).weave(manager);
    const context = RequestContext.admin();
    await manager.initHost(context);
    await rpc.serve({ topic: "compute", server: HOST }, [endpointOf(manager)]);
    await manager.postStartHook(context);
    return {
      manager,
      virt,
      kill: async () => {
        virt.kill();
        await transport.close();
      },
    };
  }

  /** A server that was scheduled to the host, and the operation that builds it. */
  newBuild(flavor: Partial<Server["flavor"]> = {}, changes: Partial<Omit<Server, "flavor">> = {}): OperationRow {
    const server = sampleServer({ host: HOST, fence: 1, flavor, taskState: "scheduling", ...changes });
    this.servers.set(server.id, server);
    this.allocations.set(server.id, { fence: 1, allocations: [{ providerId: "p", resources: { VCPU: 1 } }] });
    return this.newOperation(server.id, "create");
  }

  /** A server that runs on the host. */
  newServer(changes: Partial<Omit<Server, "flavor">> = {}): Server {
    const active = {
      vmState: "active",
      taskState: null,
      powerState: "running",
      launchedAt: "2030-01-01T00:00:00.000Z",
    } as const;
    const server = sampleServer({ host: HOST, ...active, ...changes });
    this.servers.set(server.id, server);
    this.host.guests.set(server.id, "running");
    const networkInfo = [sampleVif()];
    this.networkInfos.set(server.id, networkInfo);
    this.addresses.set(server.id, networkInfo);
    this.allocations.set(server.id, {
      fence: server.fence,
      allocations: [{ providerId: "p", resources: { VCPU: 1 } }],
    });
    return server;
  }

  newOperation(serverId: string, action: Operation["action"], args: Operation["args"] = {}): OperationRow {
    const operation: Operation = {
      id: randomUUID(),
      serverId,
      action,
      stage: "compute",
      host: HOST,
      requestId: "req-1",
      projectId: "project",
      userId: "user",
      args,
      alternates: [],
      attempt: 1,
      fence: 0,
    };
    const row: OperationRow = { operation, owner: undefined, state: "pending", fault: null, events: [] };
    this.operations.set(operation.id, row);
    return row;
  }

  /** Wakes the compute of the host, as a conductor or the api does. */
  async wake({ operation: { id, action } }: OperationRow): Promise<void> {
    const methods = {
      create: "buildServer",
      delete: "deleteServer",
      start: "startServer",
      stop: "stopServer",
      reboot: "rebootServer",
    } as const;
    await this.rpc
      .client(computeContract)
      .prepare({ server: HOST })
      .cast[methods[action]](RequestContext.admin(), { operationId: id });
  }

  server({ operation: { serverId } }: OperationRow): Server {
    const server = this.servers.get(serverId);
    if (!server) throw new Error("no such server");
    return server;
  }

  /** What is left of a server on the host, at the network service and at placement. */
  tracesOf({ operation: { serverId } }: OperationRow): readonly string[] {
    const places = {
      guest: this.host.guests.has(serverId),
      vif: this.host.plugged.has(serverId),
      address: this.addresses.has(serverId),
      allocation: (this.allocations.get(serverId)?.allocations.length ?? 0) > 0,
    };
    return Object.entries(places).flatMap(([name, isThere]) => (isThere ? [name] : []));
  }

  /** A newer owner takes an operation away. */
  takeAway(row: OperationRow): void {
    this.#raiseFence(row, "somebody else");
  }

  #newRpc() {
    const transport = new MemoryTransport(this.#wire);
    this.#transports.push(transport);
    return { transport, rpc: new Rpc(transport) };
  }

  #raiseFence(row: OperationRow, owner: string): void {
    const server = this.server(row);
    const fence = server.fence + 1;
    this.servers.set(server.id, { ...server, fence });
    row.operation = { ...row.operation, fence };
    row.owner = owner;
    row.state = "running";
  }

  #owned({ operationId, fence }: { operationId: string; fence: number }): OperationRow | undefined {
    const row = this.operations.get(operationId);
    return row?.state === "running" && this.server(row).fence === fence ? row : undefined;
  }

  /** The operation that the same owner has ended already. */
  #endedBy({ operationId, fence }: { readonly operationId: string; readonly fence: number }): OperationRow | undefined {
    const row = this.operations.get(operationId);
    return row?.state === "done" && row.operation.fence === fence ? row : undefined;
  }

  #change(row: OperationRow, { networkInfo, ...changes }: ServerChanges): void {
    const server = { ...this.server(row), ...changes } as Server;
    this.servers.set(server.id, server);
    if (networkInfo) this.networkInfos.set(server.id, networkInfo);
    this.story.push(server.taskState ?? server.vmState);
  }

  #isFenced(consumerId: string, fence: number): boolean {
    return fence < (this.allocations.get(consumerId)?.fence ?? 0);
  }

  #services(): Record<string, readonly [RpcContract, Record<string, RpcHandler>]> &
    Record<"conductor" | "placement" | "network" | "image", readonly [RpcContract, Record<string, RpcHandler>]> {
    return {
      conductor: [conductorContract, this.#conductor()],
      placement: [placementContract, this.#placement()],
      network: [networkContract, this.#network()],
      image: [imageContract, this.#image()],
    };
  }

  #conductor() {
    const stale = (operationId: string) => refused("stale", { operationId });
    return handlers<Conductor>({
      takeOperation: async (_, { operationId, host, owner }) => {
        const row = this.operations.get(operationId);
        const isFree = row?.state === "pending" || (row?.state === "running" && row.owner !== owner);
        if (!row || !isFree || row.operation.host !== host) return refused("notYours", { operationId });
        this.#raiseFence(row, owner);
        const server = this.server(row);
        const networkInfo = [...(this.networkInfos.get(server.id) ?? [])];
        return ok({ operation: row.operation, server, requestSpec: null, networkInfo, lease: LEASE });
      },
      renewOperation: async (_, step) => {
        if (!this.#owned(step)) return stale(step.operationId);
        this.renewals += 1;
        return ok();
      },
      updateServer: async (_, { changes, ...step }) => {
        const row = this.#owned(step);
        if (!row) return stale(step.operationId);
        this.#change(row, changes);
        return ok();
      },
      finishOperation: async (_, { changes, fault, events, ...step }) => {
        const row = this.#owned(step) ?? this.#endedBy(step);
        if (!row) return stale(step.operationId);
        if (row.state === "running") this.#change(row, changes);
        Object.assign(row, { fault, events, state: "done" });
        if (this.lostAnswers-- > 0) throw new KilonovaError("rpc.peerLost", "The conductor died.");
        return ok();
      },
      rescheduleServer: async (_, { fault, events, ...step }) => {
        const row = this.#owned(step);
        if (!row) return stale(step.operationId);
        Object.assign(row, { fault, events, state: "rescheduled" });
        return ok();
      },
      operationsOfHost: async () =>
        [...this.operations.values()].flatMap(({ state, operation }) =>
          state === "pending" || state === "running" ? [operation] : [],
        ),
      serversOfHost: async (_, { host }) => [...this.servers.values()].filter((server) => server.host === host),
      knownServers: async (_, { serverIds }) => ({
        here: serverIds.filter((id) => this.servers.get(id)?.host === HOST),
        gone: serverIds.filter((id) => this.deleted.has(id) || (this.servers.get(id)?.host ?? HOST) !== HOST),
      }),
      syncPowerStates: async (_, { servers }) => {
        this.synced.push(...servers);
      },
      saveComputeNode: async (_, { node }) => {
        this.node = node;
      },
    });
  }

  #placement() {
    return handlers<Placement>({
      ensureProvider: async (_, { id, name }) => {
        if (this.provider && this.provider.id !== id) return refused("nameTaken", { name });
        this.provider ??= {
          id,
          name,
          parentId: null,
          rootId: id,
          aggregates: [],
          generation: 0,
          inventories: {},
          used: {},
          consumers: 0,
          traits: [],
        };
        return ok(this.provider);
      },
      setInventories: async (_, { providerId, generation, inventories }) => {
        const refusal = this.inventoryRefusals.shift();
        if (refusal) return refusal;
        if (!this.provider) return refused("providerNotFound", { providerId });
        if (generation !== this.provider.generation) return refused("generationConflict", { providerId, generation });
        this.inventoryWrites += 1;
        this.provider = { ...this.provider, inventories, generation: generation + 1 };
        return ok(this.provider);
      },
      setTraits: async (_, { providerId, generation, traits }) => {
        const refusal = this.traitRefusals.shift();
        if (refusal) return refusal;
        if (!this.provider) return refused("providerNotFound", { providerId });
        if (generation !== this.provider.generation) return refused("generationConflict", { providerId, generation });
        this.traitWrites += 1;
        this.provider = { ...this.provider, traits, generation: generation + 1 };
        return ok(this.provider);
      },
      claim: async (_, { claims }) => {
        for (const { consumerId, fence, allocations } of claims) {
          const newest = this.allocations.get(consumerId)?.fence ?? 0;
          if (this.#isFenced(consumerId, fence)) return refused("staleFence", { consumerId, newest });
          this.allocations.set(consumerId, { fence, allocations });
        }
        return ok();
      },
      consumersOf: async () =>
        ok(
          [...this.allocations]
            .filter(([, { allocations }]) => allocations.length > 0)
            .map(([consumerId, { fence, allocations }]) => ({ consumerId, fence, allocations })),
        ),
    });
  }

  #network() {
    const fences = new Map<string, number>();
    const isStale = (serverId: string, fence: number) => fence < (fences.get(serverId) ?? 0);
    return handlers<NetworkService>({
      allocateForServer: async (_, { serverId, fence }) => {
        if (isStale(serverId, fence)) return refused("staleFence", { serverId, newest: fence });
        fences.set(serverId, fence);
        if (this.networkRefusal) return this.networkRefusal;
        const networkInfo = this.addresses.get(serverId) ?? [sampleVif()];
        this.addresses.set(serverId, networkInfo);
        return ok([...networkInfo]);
      },
      deallocateForServer: async (_, { serverId, fence }) => {
        if (isStale(serverId, fence)) return refused("staleFence", { serverId, newest: fence });
        fences.set(serverId, fence);
        this.addresses.delete(serverId);
        return ok();
      },
    });
  }

  #image() {
    return handlers<typeof imageContract>({
      getImage: async (_, { imageId }) => refused("imageNotFound", { imageId }),
      issueTicket: async (_, { imageId }) => refused("imageNotActive", { imageId, status: this.imageStatus }),
    });
  }
}

/** A compute process. */
export interface TestCompute {
  readonly manager: ComputeManager;
  readonly virt: TestVirtDriver;
  /** Ends it without a word: its calls fail, its driver does nothing more. */
  kill(): Promise<void>;
}

type Some<Contract extends RpcContract> = {
  readonly [Method in keyof Contract["methods"] & string]?: (
    context: RequestContext,
    args: Args<Contract, Method>,
  ) => Promise<Result<Contract, Method>>;
};

function handlers<Contract extends RpcContract>(some: Some<Contract>): Record<string, RpcHandler> {
  return some as Record<string, RpcHandler>;
}

export type { Compute };
