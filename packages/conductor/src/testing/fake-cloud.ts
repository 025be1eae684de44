import {
  type Compute,
  computeContract,
  type Destination,
  type NetworkService,
  networkContract,
  type Placement,
  placementContract,
  type Scheduler,
  schedulerContract,
} from "@kilonova/contracts";
import {
  type Args,
  KilonovaError,
  type Listener,
  ok,
  type RequestContext,
  type Result,
  type Rpc,
  type RpcContract,
  type RpcHandler,
  refused,
} from "@kilonova/messaging";

const COMPUTE_HOSTS = ["host-a", "host-b", "host-c", "host-d"];

/** The services that a conductor calls, as a test wants them: fences are kept, hosts are full or have room without end. */
export class FakeCloud {
  /** Where servers go: the first is claimed, the others are alternates. None: they fit nowhere. */
  destinations: readonly string[] = [];
  readonly full = new Set<string>();
  /** The scheduler claims, then the answer gets lost. */
  silent = false;
  beforeSelection: () => Promise<void> = async () => {};
  /** The words of a hook that refuses every selection. */
  veto: string | undefined;
  /** Resolves at the first selection. */
  readonly selecting: Promise<void>;

  readonly selections: Args<Scheduler, "selectDestinations">[] = [];
  readonly claims: { serverId: string; fence: number; hosts: string[] }[] = [];
  readonly allocations = new Map<string, string[]>();
  readonly deallocated: Args<NetworkService, "deallocateForServer">[] = [];
  readonly woken: { host: string; method: string; operationId: string }[] = [];
  readonly #fences = new Map<string, number>();
  readonly #listeners = new Map<string, Listener>();
  #selecting: () => void = () => {};

  private constructor(private readonly rpc: Rpc) {
    this.selecting = new Promise((resolve) => {
      this.#selecting = resolve;
    });
  }

  static async start(rpc: Rpc): Promise<FakeCloud> {
    const cloud = new FakeCloud(rpc);
    await cloud.startScheduler();
    await cloud.startNetwork();
    await cloud.#serve(placementContract, {
      claim: async (_context, args: Args<Placement, "claim">) => cloud.#claim(args),
    });
    for (const host of COMPUTE_HOSTS) await cloud.#startCompute(host);
    return cloud;
  }

  answerWith(...hosts: string[]): void {
    this.destinations = hosts;
  }

  async stop(topic: string): Promise<void> {
    await this.#listeners.get(topic)?.stop();
  }

  async startScheduler(): Promise<void> {
    await this.#serve(schedulerContract, {
      selectDestinations: async (_context, args: Args<Scheduler, "selectDestinations">) => await this.#select(args),
    });
  }

  async startNetwork(): Promise<void> {
    await this.#serve(networkContract, {
      deallocateForServer: async (_context, args: Args<NetworkService, "deallocateForServer">) =>
        this.#deallocate(args),
    });
  }

  async #startCompute(host: string): Promise<void> {
    const methods = Object.keys(computeContract.methods).map((method) => {
      const wake = async (_context: RequestContext, { operationId }: Args<Compute, "buildServer">) => {
        this.woken.push({ host, method, operationId });
      };
      return [method, wake] as const;
    });
    await this.#serve(computeContract, Object.fromEntries(methods), host);
  }

  async #serve(contract: RpcContract, methods: Readonly<Record<string, RpcHandler>>, server = "fake"): Promise<void> {
    const endpoint = { contract, handlers: new Map(Object.entries(methods)) };
    this.#listeners.set(contract.topic, await this.rpc.serve({ topic: contract.topic, server }, [endpoint]));
  }

  async #select(args: Args<Scheduler, "selectDestinations">): Promise<Result<Scheduler, "selectDestinations">> {
    this.selections.push(args);
    this.#selecting();
    await this.beforeSelection();
    if (this.veto !== undefined) throw new KilonovaError("hook.vetoed", this.veto);
    if (this.silent) throw new KilonovaError("rpc.peerLost", "The scheduler died.");
    const [first, ...alternates] = this.destinations.map(destination);
    if (!first) return refused("noValidHost", { reason: "No host has enough memory.", hosts: 1, drops: [] });
    const stale = args.servers.find(({ serverId, fence }) => this.#isStale(serverId, fence));
    if (stale) return refused("staleFence", { serverId: stale.serverId });
    for (const { serverId } of args.servers) this.allocations.set(serverId, [first.host]);
    return ok(args.servers.map(({ serverId }) => ({ serverId, destination: first, alternates })));
  }

  #claim({ claims }: Args<Placement, "claim">): Result<Placement, "claim"> {
    for (const { consumerId, fence, allocations } of claims) {
      const hosts = allocations.map(({ providerId }) => providerId);
      this.claims.push({ serverId: consumerId, fence, hosts });
      if (this.#isStale(consumerId, fence))
        return refused("staleFence", { consumerId, newest: this.#fences.get(consumerId) ?? 0 });
      const full = hosts.find((host) => this.full.has(host));
      if (full) return refused("noCapacity", { consumerId, providerId: full, resourceClass: "VCPU" });
      if (hosts.length > 0) this.allocations.set(consumerId, hosts);
      else this.allocations.delete(consumerId);
    }
    return ok();
  }

  #deallocate(args: Args<NetworkService, "deallocateForServer">): Result<NetworkService, "deallocateForServer"> {
    this.deallocated.push(args);
    return ok();
  }

  #isStale(serverId: string, fence: number): boolean {
    const newest = this.#fences.get(serverId) ?? 0;
    this.#fences.set(serverId, Math.max(newest, fence));
    return fence < newest;
  }
}

/** A host whose provider has the host's name. */
function destination(host: string): Destination {
  return { host, node: host, providerId: host, allocations: [{ providerId: host, resources: { VCPU: 1 } }] };
}
