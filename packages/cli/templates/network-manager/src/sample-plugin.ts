import {
  type Args,
  DRIVER_STATE,
  type DriverState,
  inject,
  manager,
  NetworkManager,
  type NetworkService,
  networkContract,
  type Options,
  ok,
  optionGroup,
  options,
  type RequestContext,
  type Result,
  refused,
  rpcMethod,
  type Vif,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { AddressRange } from "./address-range.js";
import { Addresses, type Port } from "./addresses.js";

/** The options of this manager. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    range: z
      .string()
      .refine(
        (text) => AddressRange.parse(text) !== undefined,
        "expected IPv4 addresses such as 10.77.0.0/24, /16 to /29",
      )
      .default("10.77.0.0/24")
      .describe("The addresses of the network. The first is its gateway's."),
    networkName: z.string().min(1).max(255).default("private").describe("What users call the network."),
    nameservers: z.array(z.ipv4()).default([]).describe("The name servers that guests are told of."),
    mtu: z.number().int().min(576).max(9_000).default(1_500).describe("Bytes of a packet on the network."),
  }),
);

/** The network's id: there is one network, and its id has to be the same after a restart. */
const NETWORK_ID = "5a3f1c00-0000-4000-8000-000000000001";

/**
 * One network with one range of addresses.
 *
 * The class is marked with the contract that it answers, each method of the contract with `@rpcMethod()`. What a caller must
 * expect to be told ("no more addresses") is a refusal and comes back as a value; what is thrown is a failure.
 */
@manager(networkContract)
export class SamplePlugin extends NetworkManager {
  readonly #range: AddressRange;
  readonly #addresses: Addresses;

  constructor(
    @inject(DRIVER_STATE) state: DriverState,
    @options(samplePluginOptions) private readonly settings: Options<typeof samplePluginOptions>,
  ) {
    super();
    this.#range = new AddressRange(settings.range);
    this.#addresses = new Addresses(state, this.#range);
  }

  /** The networks that the context's project may use: here, every project the one. */
  @rpcMethod()
  override async listNetworks(
    _context: RequestContext,
    _args: Args<NetworkService, "listNetworks">,
  ): Promise<Result<NetworkService, "listNetworks">> {
    const { networkName: name, range } = this.settings;
    return [{ id: NETWORK_ID, name, range, gateway: this.#range.gateway, shared: true }];
  }

  /** Ports and addresses for a server, all or none; again for the same server: the same ones. */
  @rpcMethod()
  override async allocateForServer(
    context: RequestContext,
    { serverId, fence, networks }: Args<NetworkService, "allocateForServer">,
  ): Promise<Result<NetworkService, "allocateForServer">> {
    const wanted = networks === "none" ? [] : networks === "auto" ? [{ networkId: NETWORK_ID }] : networks;
    const unknown = wanted.find(({ networkId }) => networkId !== NETWORK_ID);
    if (unknown) return refused("networkNotFound", { networkId: unknown.networkId });
    const positions: (number | undefined)[] = [];
    for (const { fixedAddress } of wanted) {
      const position = fixedAddress === undefined ? undefined : this.#range.positionOf(fixedAddress);
      if (fixedAddress !== undefined && position === undefined)
        return refused("invalidAddress", { address: fixedAddress });
      positions.push(position);
    }
    const outcome = await this.#addresses.allocate(context, serverId, fence, positions);
    if (outcome.is === "allocated") return ok(outcome.ports.map((port) => this.#vif(port)));
    if (outcome.is === "stale") return refused("staleFence", { serverId, newest: outcome.newest });
    if (outcome.is === "full") return refused("noMoreAddresses", { networkId: NETWORK_ID });
    return refused("addressInUse", { address: this.#range.at(outcome.position) });
  }

  /** Frees all that a server has; its fence is kept. Safe to repeat. */
  @rpcMethod()
  override async deallocateForServer(
    context: RequestContext,
    { serverId, fence }: Args<NetworkService, "deallocateForServer">,
  ): Promise<Result<NetworkService, "deallocateForServer">> {
    const newest = await this.#addresses.free(context, serverId, fence);
    return newest > fence ? refused("staleFence", { serverId, newest }) : ok();
  }

  #vif({ portId, position }: Port): Vif {
    const { networkName, nameservers, mtu } = this.settings;
    const { prefix, gateway } = this.#range;
    return {
      portId,
      networkId: NETWORK_ID,
      networkName,
      macAddress: `fa:16:3e:${(portId.slice(0, 6).match(/../g) ?? []).join(":")}`,
      addresses: [{ address: this.#range.at(position), version: 4, prefix, gateway }],
      nameservers: [...nameservers],
      mtu,
    };
  }
}
