import { networkInterfaces } from "node:os";
import { isDeepStrictEqual } from "node:util";
import {
  type ComputeNode,
  type Conductor,
  computeNodeId,
  type Inventories,
  type Placement,
  type Provider,
} from "@kilonova/contracts";
import { patientCall, STEP_DEADLINE } from "@kilonova/core";
import { KilonovaError, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Clock, Logger } from "@kilonova/plugin-api";
import { HostTraits } from "./host-traits.js";
import type { HostUsage } from "./resource-tracker.js";

/** A busy provider changes all the time: each claim is a change. */
const TRIES = 20;

export interface HostReporterWorld {
  readonly conductor: RpcClient<Conductor>;
  readonly placement: RpcClient<Placement>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: string;
}

/** Tells placement and the conductor what the host has. */
export class HostReporter {
  readonly #traits: HostTraits;

  constructor(private readonly world: HostReporterWorld) {
    this.#traits = new HostTraits(world.logger);
  }

  /** Of the compute node and of its root provider: the same for ever for the same host and hypervisor. */
  nodeId(hypervisorHostname: string): string {
    return computeNodeId(this.world.host, hypervisorHostname);
  }

  /** @param patience milliseconds that services may be away */
  async report(context: RequestContext, usage: HostUsage, patience = STEP_DEADLINE): Promise<void> {
    const { conductor, clock } = this.world;
    await this.#reportProvider(context, usage, patience);
    const node = this.#node(usage);
    await patientCall(clock, context.signal, () => conductor.call.saveComputeNode(context, { node }), patience);
  }

  /** Inventories and traits, each only where it differs from what placement has. */
  async #reportProvider(
    context: RequestContext,
    { resources, inventories }: HostUsage,
    patience: number,
  ): Promise<void> {
    const name = resources.hypervisorHostname;
    for (let tries = 0; tries < TRIES; tries++) {
      const provider = await this.#provider(context, name, patience);
      const stocked = await this.#withInventories(context, provider, inventories, patience);
      if (stocked && (await this.#hasTraits(context, stocked, resources.traits, patience))) return;
      await this.world.clock.sleep(Math.random() * 50 * tries, context.signal);
    }
    throw new KilonovaError(
      "internal",
      `What ${name} has could not be reported: its provider changed ${TRIES} times meanwhile.`,
    );
  }

  async #provider(context: RequestContext, name: string, patience: number): Promise<Provider> {
    const { placement, clock } = this.world;
    const id = this.nodeId(name);
    const outcome = await patientCall(
      clock,
      context.signal,
      () => placement.call.ensureProvider(context, { id, name, parentId: null }),
      patience,
    );
    if (outcome.ok) return outcome.value;
    throw new KilonovaError(
      "service.failedToStart",
      `Placement knows another host by the hypervisor name ${name}. Give this one a name of its own by option service.host, or delete the other's resource provider.`,
    );
  }

  /** The provider as it is then; undefined where it changed meanwhile. */
  async #withInventories(
    context: RequestContext,
    provider: Provider,
    inventories: Inventories,
    patience: number,
  ): Promise<Provider | undefined> {
    if (isDeepStrictEqual(provider.inventories, inventories)) return provider;
    const { placement, clock } = this.world;
    const args = { providerId: provider.id, generation: provider.generation, inventories };
    const outcome = await patientCall(
      clock,
      context.signal,
      () => placement.call.setInventories(context, args),
      patience,
    );
    if (outcome.ok) return outcome.value;
    switch (outcome.refusal) {
      case "inventoryInUse":
        throw new KilonovaError(
          "internal",
          `This host has no ${outcome.details.resourceClass} any more, of which its servers have some.`,
        );
      case "badResourceClass":
        throw new KilonovaError(
          "internal",
          `Placement knows no resource class ${outcome.details.resourceClass}. One of your own is named CUSTOM_ and then upper-case letters, digits and underscores.`,
        );
      case "badInventory":
        throw new KilonovaError(
          "internal",
          `Placement refuses what this host has of ${outcome.details.resourceClass}: ${outcome.details.problem}.`,
        );
      default:
        return undefined;
    }
  }

  /** False where they are to be set once more: the provider changed meanwhile, or placement does not know one of them. */
  async #hasTraits(
    context: RequestContext,
    { id: providerId, generation, traits: present }: Provider,
    reported: readonly string[] | undefined,
    patience: number,
  ): Promise<boolean> {
    const traits = this.#traits.missingFrom(present, reported);
    if (!traits) return true;
    const { placement, clock } = this.world;
    const args = { providerId, generation, traits };
    const outcome = await patientCall(clock, context.signal, () => placement.call.setTraits(context, args), patience);
    if (!outcome.ok && outcome.refusal === "badTrait") this.#traits.leaveOut(outcome.details.trait);
    return outcome.ok;
  }

  #node({ resources, used, servers }: HostUsage): ComputeNode {
    const { hypervisorHostname, hypervisorType, hypervisorVersion, cpuInfo, facts } = resources;
    const { vcpus, memoryMb, diskGb, uptime } = resources;
    return {
      id: this.nodeId(hypervisorHostname),
      host: this.world.host,
      hypervisorHostname,
      hypervisorType,
      hypervisorVersion,
      hostIp: hostAddress(),
      vcpus,
      vcpusUsed: used.VCPU,
      memoryMb,
      memoryMbUsed: used.MEMORY_MB,
      diskGb,
      diskGbUsed: used.DISK_GB,
      runningServers: servers,
      cpuInfo: { ...cpuInfo },
      uptime,
      facts: facts ?? {},
    };
  }
}

/** The first address by which others may reach this host. */
function hostAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
