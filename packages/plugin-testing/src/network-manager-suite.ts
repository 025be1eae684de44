import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { BlockList, isIP } from "node:net";
import {
  type Args,
  isOfKind,
  type Network,
  type NetworkInfo,
  type NetworkManager,
  type NetworkService,
  networkContract,
  RequestContext,
  type Result,
  type RpcClient,
} from "@kilonova/plugin-api";
import { checksInWorld, type WorldChecks } from "./checks-in-world.js";
import type { ContractCheck } from "./contract-check.js";
import { ServedManager } from "./served-manager.js";
import { soon } from "./settled.js";

/** The managers that the checks work on: of one network at least, which has 16 addresses or more that nobody uses. */
export interface NetworkManagerWorld {
  /** One more manager of the same networks, `initHost` done: what a second process, or a restart, makes. */
  makeManager(): Promise<NetworkManager>;
  /** Ends what the world holds, managers included. */
  end(): Promise<void>;
}

/** What every network manager promises, as checks for any test runner. They call it by its contract, as others do. */
export function networkManagerSuite(makeWorld: () => Promise<NetworkManagerWorld>): readonly ContractCheck[] {
  const makeOffice = async () => {
    const world = await makeWorld();
    return new Office(world, await world.makeManager());
  };
  return checksInWorld(checks, makeOffice, (office) => office.close());
}

type Allocated = Result<NetworkService, "allocateForServer">;

const CONTEXT = new RequestContext({ projectId: "project", userId: "user", roles: ["member"] });

/** One check's managers, and what it asks of them. */
class Office {
  /** Each manager is served once: to compile its contract takes a while. */
  readonly #served = new Map<NetworkManager, Promise<ServedManager>>();

  constructor(
    readonly world: NetworkManagerWorld,
    readonly manager: NetworkManager,
  ) {}

  async call(manager = this.manager): Promise<RpcClient<NetworkService>["call"]> {
    const served = this.#served.get(manager) ?? ServedManager.serve([manager, ...manager.additionalEndpoints]);
    this.#served.set(manager, served);
    return (await served).rpc.client(networkContract).call;
  }

  async networks(): Promise<readonly Network[]> {
    return soon("the networks", (await this.call()).listNetworks(CONTEXT));
  }

  /** The first of the networks. */
  async network(): Promise<Network> {
    const [network] = await this.networks();
    assert.ok(network, "there is no network");
    return network;
  }

  async ask(
    serverId: string,
    changes: Partial<Args<NetworkService, "allocateForServer">> = {},
    manager = this.manager,
  ): Promise<Allocated> {
    const args = { serverId, projectId: "project", fence: 1, host: "host1", networks: "auto" as const, ...changes };
    return soon("an allocation", (await this.call(manager)).allocateForServer(CONTEXT, args));
  }

  async allocate(
    serverId: string,
    changes: Partial<Args<NetworkService, "allocateForServer">> = {},
    manager = this.manager,
  ): Promise<NetworkInfo> {
    const outcome = await this.ask(serverId, changes, manager);
    if (!outcome.ok) assert.fail(`the allocation was refused: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  async deallocate(serverId: string, fence = 1): Promise<Result<NetworkService, "deallocateForServer">> {
    return soon("a deallocation", (await this.call()).deallocateForServer(CONTEXT, { serverId, fence }));
  }

  async freed(serverId: string, fence = 1): Promise<void> {
    assert.deepEqual(await this.deallocate(serverId, fence), { ok: true, value: undefined });
  }

  async close(): Promise<void> {
    for (const served of this.#served.values()) await (await served).close();
  }

  async end(): Promise<void> {
    await this.world.end();
  }
}

const checks: WorldChecks<Office> = {
  "a network manager says that it is one, and that it is a service": async ({ manager }) => {
    for (const kind of ["network-manager", "service"] as const) {
      assert.ok(isOfKind(manager, kind), `it is no ${kind}: its class does not extend NetworkManager`);
    }
  },

  "it tells the networks of a project, each with its range": async (office) => {
    const networks = await office.networks();
    assert.ok(networks.length > 0, "there is none");
    assert.equal(new Set(networks.map(({ id }) => id)).size, networks.length, "two have the same id");
    for (const { range, gateway } of networks) {
      const list = blockOf(range);
      if (gateway !== null) assert.ok(contains(list, gateway), `gateway ${gateway} is outside ${range}`);
    }
  },

  "a server gets interfaces with ids, MAC and IP addresses of its networks": async (office) => {
    const networks = new Map((await office.networks()).map((network) => [network.id, network]));
    const vifs = await office.allocate(randomUUID());
    assert.ok(vifs.length > 0, "it got none");
    for (const vif of vifs) looksRight(vif, networks);
  },

  "a server that wants no network gets none": async (office) => {
    const serverId = randomUUID();
    assert.deepEqual(await office.allocate(serverId, { networks: "none" }), []);
    await office.freed(serverId);
  },

  "a server gets the networks that it asks for": async (office) => {
    const { id: networkId } = await office.network();
    const vifs = await office.allocate(randomUUID(), { networks: [{ networkId }] });
    assert.deepEqual(
      vifs.map((vif) => vif.networkId),
      [networkId],
    );
  },

  "again for the same server: the same, under a higher fence and from another manager too": async (office) => {
    const serverId = randomUUID();
    const first = await office.allocate(serverId);
    assert.deepEqual(await office.allocate(serverId), first);
    assert.deepEqual(await office.allocate(serverId, { fence: 3 }), first);
    assert.deepEqual(await office.allocate(serverId, { fence: 3 }, await office.world.makeManager()), first);
  },

  "the same asked twice at the same moment is given once": async (office) => {
    const serverId = randomUUID();
    const [one, other] = await Promise.all([office.allocate(serverId), office.allocate(serverId)]);
    assert.deepEqual(one, other);
  },

  "nothing is given to two servers, whatever comes at the same time": async (office) => {
    const managers = [office.manager, await office.world.makeManager()];
    const ids = Array.from({ length: 12 }, () => randomUUID());
    const given = await Promise.all(ids.map((id, index) => office.allocate(id, {}, managers[index % 2])));
    const vifs = given.flat();
    eachOnce(
      "port",
      vifs.map(({ portId }) => portId),
    );
    eachOnce(
      "MAC address",
      vifs.map(({ macAddress }) => macAddress),
    );
    eachOnce(
      "address",
      vifs.flatMap(({ networkId, addresses }) => addresses.map(({ address }) => `${address} of ${networkId}`)),
    );
  },

  "a network that there is not is refused, and nothing is taken for its sake": async (office) => {
    const [{ id: networkId }, serverId, missing] = [await office.network(), randomUUID(), randomUUID()];
    const fixedAddress = await freeAddress(office);
    const networks = [{ networkId, fixedAddress }, { networkId: missing }];
    const refusal = { ok: false, refusal: "networkNotFound", details: { networkId: missing } };
    assert.deepEqual(await office.ask(serverId, { networks }), refusal);
    await office.allocate(randomUUID(), { networks: [{ networkId, fixedAddress }] });
  },

  "an address that is asked for is given, unless another server has it": async (office) => {
    const { id: networkId } = await office.network();
    const fixedAddress = await freeAddress(office);
    const networks = [{ networkId, fixedAddress }];
    const serverId = randomUUID();
    assert.deepEqual(addressesOf(await office.allocate(serverId, { networks })), [fixedAddress]);
    const refusal = { ok: false, refusal: "addressInUse", details: { address: fixedAddress } };
    assert.deepEqual(await office.ask(randomUUID(), { networks }), refusal);
    await office.freed(serverId);
    assert.deepEqual(addressesOf(await office.allocate(randomUUID(), { networks })), [fixedAddress]);
  },

  "an address that no server may have is refused": async (office) => {
    const { id: networkId, gateway, range } = await office.network();
    const outside = ["203.0.113.9", "198.51.100.9"].find((address) => !contains(blockOf(range), address));
    for (const address of [outside, "nonsense", "", ...(gateway === null ? [] : [gateway])]) {
      if (address === undefined) continue;
      const networks = [{ networkId, fixedAddress: address }];
      const refusal = { ok: false, refusal: "invalidAddress", details: { address } };
      assert.deepEqual(await office.ask(randomUUID(), { networks }), refusal, `address "${address}"`);
    }
  },

  "what a server has is freed, which is safe to repeat, and for one that has nothing": async (office) => {
    const [serverId, stranger] = [randomUUID(), randomUUID()];
    const [address] = addressesOf(await office.allocate(serverId));
    await office.freed(stranger);
    await office.freed(serverId);
    await office.freed(serverId);
    await office.freed(serverId, 2);
    const { id: networkId } = await office.network();
    const networks = [{ networkId, ...(address === undefined ? {} : { fixedAddress: address }) }];
    assert.deepEqual(addressesOf(await office.allocate(stranger, { networks })), [address]);
  },

  "who was overtaken takes nothing, and takes nothing away": async (office) => {
    const serverId = randomUUID();
    const vifs = await office.allocate(serverId, { fence: 5 });
    const stale = { ok: false, refusal: "staleFence", details: { serverId, newest: 5 } };
    assert.deepEqual(await office.ask(serverId, { fence: 4 }), stale);
    assert.deepEqual(await office.deallocate(serverId, 4), stale);
    assert.deepEqual(await office.allocate(serverId, { fence: 5 }), vifs);
  },

  "the fence of a server outlives what it had": async (office) => {
    const serverId = randomUUID();
    await office.allocate(serverId, { fence: 2 });
    await office.freed(serverId, 6);
    const stale = { ok: false, refusal: "staleFence", details: { serverId, newest: 6 } };
    assert.deepEqual(await office.ask(serverId, { fence: 5 }), stale);
    assert.ok((await office.allocate(serverId, { fence: 7 })).length > 0, "it got no interface");
  },

  "a refused allocation may be asked for again, otherwise": async (office) => {
    const serverId = randomUUID();
    const refusal = await office.ask(serverId, { networks: [{ networkId: randomUUID() }] });
    assert.equal(refusal.ok, false);
    assert.ok((await office.allocate(serverId)).length > 0, "it got no interface");
  },
};

function looksRight(
  { portId, networkId, networkName, macAddress, addresses, nameservers, mtu }: NetworkInfo[number],
  networks: ReadonlyMap<string, Network>,
): void {
  const network = networks.get(networkId);
  assert.ok(network, `there is no network ${networkId}`);
  assert.equal(networkName, network.name);
  assert.ok(portId.length > 0);
  assert.match(macAddress, /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
  assert.equal(Number.parseInt(macAddress.slice(0, 2), 16) & 1, 0, `${macAddress} is a group's`);
  assert.ok(mtu >= 576, `an MTU of ${mtu} bytes`);
  for (const nameserver of nameservers) assert.notEqual(isIP(nameserver), 0, `${nameserver} is no address`);
  for (const { address, version, prefix, gateway } of addresses) {
    assert.equal(isIP(address), version, `${address} is no address of version ${version}`);
    assert.ok(prefix <= (version === 4 ? 32 : 128), `a prefix of ${prefix} bits`);
    assert.ok(contains(blockOf(network.range), address), `${address} is outside ${network.range}`);
    assert.notEqual(address, gateway, "the server has its gateway's address");
  }
}

/** An address that nobody has: one that was given back. */
async function freeAddress(office: Office): Promise<string> {
  const serverId = randomUUID();
  const { id: networkId } = await office.network();
  const [address] = addressesOf(await office.allocate(serverId, { networks: [{ networkId }] }));
  assert.ok(address, "the server got no address");
  await office.freed(serverId);
  return address;
}

function addressesOf(vifs: NetworkInfo): readonly string[] {
  return vifs.flatMap(({ addresses }) => addresses.map(({ address }) => address));
}

function blockOf(range: string): BlockList {
  const [address = "", bits = ""] = range.split("/");
  const list = new BlockList();
  assert.ok(isIP(address) !== 0 && /^\d+$/.test(bits), `${range} is no range such as 192.0.2.0/24`);
  list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function eachOnce(what: string, given: readonly string[]): void {
  const twice = given.filter((each, index) => given.indexOf(each) !== index);
  assert.deepEqual(twice, [], `a ${what} was given twice`);
}
