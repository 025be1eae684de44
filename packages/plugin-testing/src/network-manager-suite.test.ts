import { randomUUID } from "node:crypto";
import {
  type Args,
  manager,
  NetworkManager,
  type NetworkService,
  networkContract,
  ok,
  type RequestContext,
  type Result,
  refused,
  rpcMethod,
  type Vif,
} from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { networkManagerSuite } from "./network-manager-suite.js";
import { failingNames } from "./testing/failing-checks.js";

const NETWORK = { id: "net", name: "private", range: "10.0.0.0/24", gateway: "10.0.0.1", shared: true };

/** What managers share: the database of it. */
class Books {
  readonly fences = new Map<string, number>();
  readonly vifs = new Map<string, Vif[]>();
}

type Allocate = Args<NetworkService, "allocateForServer">;

/** One network in memory; what is wrong with one is said by what it overrides. */
@manager(networkContract)
class MemoryManager extends NetworkManager {
  constructor(protected readonly books: Books) {
    super();
  }

  @rpcMethod()
  async listNetworks(): Promise<Result<NetworkService, "listNetworks">> {
    return [NETWORK];
  }

  @rpcMethod()
  async allocateForServer(
    _context: RequestContext,
    args: Allocate,
  ): Promise<Result<NetworkService, "allocateForServer">> {
    const { serverId, fence, networks } = args;
    const stale = this.raise(serverId, fence);
    if (stale) return stale;
    const known = this.known(serverId);
    if (known) return ok(known);
    const wanted = networks === "auto" ? [{ networkId: NETWORK.id }] : networks === "none" ? [] : networks;
    const vifs: Vif[] = [];
    for (const { networkId, ...rest } of wanted) {
      if (networkId !== NETWORK.id) return this.unknown(args, networkId, vifs);
      const fixed: string | undefined = "fixedAddress" in rest ? rest.fixedAddress : undefined;
      const address = fixed ?? this.next();
      if (!/^10\.0\.0\.\d+$/.test(address) || address === NETWORK.gateway)
        return refused("invalidAddress", { address });
      if (this.taken().has(address)) return refused("addressInUse", { address });
      vifs.push(this.vif(address));
    }
    this.books.vifs.set(serverId, vifs);
    return ok(vifs);
  }

  @rpcMethod()
  async deallocateForServer(
    _context: RequestContext,
    { serverId, fence }: Args<NetworkService, "deallocateForServer">,
  ): Promise<Result<NetworkService, "deallocateForServer">> {
    const stale = this.raise(serverId, fence);
    if (stale) return stale;
    this.books.vifs.delete(serverId);
    return ok();
  }

  protected raise(serverId: string, fence: number) {
    const newest = this.books.fences.get(serverId) ?? 0;
    if (fence < newest) return refused("staleFence", { serverId, newest });
    this.books.fences.set(serverId, fence);
    return undefined;
  }

  protected known(serverId: string): Vif[] | undefined {
    return this.books.vifs.get(serverId);
  }

  protected unknown(_args: Allocate, networkId: string, _made: Vif[]): Result<NetworkService, "allocateForServer"> {
    return refused("networkNotFound", { networkId });
  }

  protected taken(): ReadonlySet<string> {
    const all = [...this.books.vifs.values()].flat();
    return new Set(all.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  }

  protected next(): string {
    const taken = this.taken();
    for (let last = 2; last < 255; last++) if (!taken.has(`10.0.0.${last}`)) return `10.0.0.${last}`;
    throw new Error("all addresses are taken");
  }

  protected vif(address: string): Vif {
    const last = Number(address.split(".").at(-1)).toString(16).padStart(2, "0");
    return {
      portId: randomUUID(),
      networkId: NETWORK.id,
      networkName: NETWORK.name,
      macAddress: `fa:16:3e:00:00:${last}`,
      addresses: [{ address, version: 4, prefix: 24, gateway: NETWORK.gateway }],
      nameservers: [],
      mtu: 1500,
    };
  }
}

class Fickle extends MemoryManager {
  protected override known(): undefined {
    return undefined;
  }
}

class Fenceless extends MemoryManager {
  protected override raise(): undefined {
    return undefined;
  }
}

class Sloppy extends MemoryManager {
  protected override unknown({ serverId }: Allocate, networkId: string, made: Vif[]) {
    this.books.vifs.set(serverId, made);
    return refused("networkNotFound", { networkId });
  }
}

class Doubling extends MemoryManager {
  protected override taken(): ReadonlySet<string> {
    return new Set();
  }
}

class Chatty extends MemoryManager {
  protected override vif(address: string): Vif {
    return Object.assign(super.vif(address), { secret: "more than the contract says" });
  }
}

class Local extends MemoryManager {
  constructor() {
    super(new Books());
  }
}

function suite(Class: new (books: Books) => NetworkManager) {
  return networkManagerSuite(async () => {
    const books = new Books();
    return { makeManager: async () => new Class(books), end: async () => {} };
  });
}

describe("the network manager suite", () => {
  for (const check of suite(MemoryManager)) it(`passes a good manager: ${check.name}`, check.run);

  it.each<[string, new (books: Books) => NetworkManager, readonly string[]]>([
    [
      "gives a server others when it asks again",
      Fickle,
      [
        "again for the same server: the same, under a higher fence and from another manager too",
        "the same asked twice at the same moment is given once",
        "who was overtaken takes nothing, and takes nothing away",
      ],
    ],
    [
      "does not know who was overtaken",
      Fenceless,
      ["who was overtaken takes nothing, and takes nothing away", "the fence of a server outlives what it had"],
    ],
    [
      "keeps what it gave by halves",
      Sloppy,
      [
        "a network that there is not is refused, and nothing is taken for its sake",
        "a refused allocation may be asked for again, otherwise",
      ],
    ],
    [
      "gives an address twice",
      Doubling,
      [
        "nothing is given to two servers, whatever comes at the same time",
        "an address that is asked for is given, unless another server has it",
      ],
    ],
    [
      "keeps its books to itself",
      Local,
      [
        "again for the same server: the same, under a higher fence and from another manager too",
        "nothing is given to two servers, whatever comes at the same time",
      ],
    ],
    [
      "answers more than its contract",
      Chatty,
      [
        "a server gets interfaces with ids, MAC and IP addresses of its networks",
        "a server gets the networks that it asks for",
        "again for the same server: the same, under a higher fence and from another manager too",
        "the same asked twice at the same moment is given once",
        "nothing is given to two servers, whatever comes at the same time",
        "a network that there is not is refused, and nothing is taken for its sake",
        "an address that is asked for is given, unless another server has it",
        "what a server has is freed, which is safe to repeat, and for one that has nothing",
        "who was overtaken takes nothing, and takes nothing away",
        "the fence of a server outlives what it had",
        "a refused allocation may be asked for again, otherwise",
      ],
    ],
  ])("fails one that %s", async (_, Class, names) => {
    expect(await failingNames(suite(Class))).toEqual(names);
  });
});
