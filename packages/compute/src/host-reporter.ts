import { networkInterfaces } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { ComputeNode, Conductor, Inventories, Placement, Provider } from "@kilonova/contracts";
import { patientCall, STEP_DEADLINE } from "@kilonova/core";
import { KilonovaError, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { Clock } from "@kilonova/plugin-api";
import { v5 } from "uuid";
import type { HostUsage } from "./resource-tracker.js";

/** Under which the ids of compute nodes are made from their names. Never changes. */
const NODES = "3a2f7c52-6d1b-4b8e-9d53-0c6b2f0e7a91";
/** A busy provider changes all the time: each claim is a change. */
const TRIES = 20;

export interface HostReporterWorld {
  readonly conductor: RpcClient<Conductor>;
  readonly placement: RpcClient<Placement>;
  readonly clock: Clock;
  readonly host: string;
}

/** Tells placement and the conductor what the host has. */
export class HostReporter {
  constructor(private readonly world: HostReporterWorld) {}

  /** Of the compute node and of its root provider: the same for ever for the same host and hypervisor. */
  nodeId(hypervisorHostname: string): string {
    return v5(`${this.world.host}\n${hypervisorHostname}`, NODES);
  }

  /** @param patience milliseconds that services may be away */
  async report(context: RequestContext, usage: HostUsage, patience = STEP_DEADLINE): Promise<void> {
    const { conductor, clock } = this.world;
    await this.#reportInventories(context, usage, patience);
    const node = this.#node(usage);
    await patientCall(clock, context.signal, () => conductor.call.saveComputeNode(context, { node }), patience);
  }

  async #reportInventories(
    context: RequestContext,
    { resources, inventories }: HostUsage,
    patience: number,
  ): Promise<void> {
    const name = resources.hypervisorHostname;
    for (let tries = 0; tries < TRIES; tries++) {
      const provider = await this.#provider(context, name, patience);
      if (isDeepStrictEqual(provider.inventories, inventories)) return;
      if (await this.#setInventories(context, provider, inventories, patience)) return;
      await this.world.clock.sleep(Math.random() * 50 * tries, context.signal);
    }
    throw new KilonovaError(
      "internal",
      `The inventories of ${name} could not be reported: its provider changed ${TRIES} times meanwhile.`,
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

  /** False where the provider changed meanwhile. */
  async #setInventories(
    context: RequestContext,
    { id: providerId, generation }: Provider,
    inventories: Inventories,
    patience: number,
  ): Promise<boolean> {
    const { placement, clock } = this.world;
    const args = { providerId, generation, inventories };
    const outcome = await patientCall(
      clock,
      context.signal,
      () => placement.call.setInventories(context, args),
      patience,
    );
    if (outcome.ok) return true;
    if (outcome.refusal !== "inventoryInUse") return false;
    throw new KilonovaError(
      "internal",
      `This host has no ${outcome.details.resourceClass} any more, of which its servers have some.`,
    );
  }

  #node({ resources, used, servers }: HostUsage): ComputeNode {
    const { hypervisorHostname, hypervisorType, hypervisorVersion, vcpus, memoryMb, diskGb, cpuInfo, uptime } =
      resources;
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
    };
  }
}

/** The first address by which others may reach this host. */
function hostAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
