import { type Placement, placementContract } from "@kilonova/contracts";
import {
  type Args,
  MemoryTransport,
  ok,
  type RequestContext,
  type Result,
  Rpc,
  type RpcClient,
  type RpcHandler,
  refused,
} from "@kilonova/messaging";
import { type HostState, ServiceGroupDriver, type ServiceRecord, silentLogger } from "@kilonova/plugin-api";
import { FakeClock, type SampleCloud, sampleRequestSpec, schedulerSuite } from "@kilonova/plugin-testing";
import { describe, it } from "vitest";
import { PlacementClaims } from "./claims/placement-claims.js";
import { FilterScheduler } from "./filter-scheduler.js";
import { HostTable } from "./hosts/host-table.js";
import { ProviderMirror } from "./hosts/provider-mirror.js";
import { schedulerOptions } from "./options.js";
import { givenChains } from "./testing/given-chains.js";
import { FreeMemory } from "./testing/scheduler-world.js";

/** Placement as a sample cloud has it. Its feed reaches back to nothing: who asks is told to read everything again. */
class SamplePlacement {
  constructor(private readonly cloud: SampleCloud) {}

  async claim(context: RequestContext, { claims }: Args<Placement, "claim">): Promise<Result<Placement, "claim">> {
    const asked = claims.map(({ consumerId: serverId, fence, allocations }) => {
      const [{ providerId } = { providerId: "" }] = allocations;
      const { host = "", node = "" } = this.#host(providerId) ?? {};
      return { serverId, fence, destination: { host, node, providerId, allocations } };
    });
    const refusal = await this.cloud.claims.claim(context, sampleRequestSpec(), asked);
    if (!refusal) return ok();
    const { serverId: consumerId } = refusal;
    if (refusal.refusal === "staleFence") return refused("staleFence", { consumerId, newest: 1 });
    return refused("noCapacity", { consumerId, providerId: "some", resourceClass: "VCPU" });
  }

  async claimEach(
    context: RequestContext,
    { claims }: Args<Placement, "claimEach">,
  ): Promise<Result<Placement, "claimEach">> {
    const outcomes: Result<Placement, "claimEach"> = [];
    for (const list of claims) {
      const outcome = await this.claim(context, { claims: list });
      const nothing = { consumerId: null, providerId: null, resourceClass: null };
      if (outcome.ok) outcomes.push({ ok: true, refusal: null, ...nothing });
      else outcomes.push({ ok: false, refusal: outcome.refusal, ...nothing, ...outcome.details });
    }
    return outcomes;
  }

  async providers(context: RequestContext): Promise<Result<Placement, "providers">> {
    await this.cloud.hosts.refresh(context);
    const providers = this.cloud.hosts.all().map(({ provider }) => provider);
    return { sequence: 1, providers, more: false };
  }

  async changes(): Promise<Result<Placement, "changes">> {
    return { sequence: 1, providers: [], deleted: [], more: false, reset: true };
  }

  #host(providerId: string): HostState | undefined {
    return this.cloud.hosts.all().find((host) => host.providerId === providerId);
  }
}

async function clientOf(cloud: SampleCloud): Promise<RpcClient<Placement>> {
  const placement = new SamplePlacement(cloud);
  const rpc = new Rpc(new MemoryTransport());
  const handlers = new Map<string, RpcHandler>([
    ["claim", placement.claim.bind(placement)],
    ["providers", placement.providers.bind(placement)],
    ["changes", placement.changes.bind(placement)],
    ["claimEach", placement.claimEach.bind(placement)],
    ["consumers", async () => []],
  ]);
  await rpc.serve({ topic: "placement", server: "host" }, [{ contract: placementContract, handlers }]);
  return rpc.client(placementContract);
}

class Group extends ServiceGroupDriver {
  override async join(): Promise<void> {}
  override async leave(): Promise<void> {}
  override isUp({ forcedDown }: ServiceRecord): boolean {
    return !forcedDown;
  }
}

function recordOf({ host, up, disabled, disabledReason }: HostState): ServiceRecord {
  return {
    id: `service-${host}`,
    binary: "kilonova-compute",
    topic: "compute",
    host,
    contracts: {},
    disabled,
    disabledReason,
    forcedDown: !up,
    createdAt: "2030-01-01T00:00:00.000Z",
    updatedAt: "2030-01-01T00:00:00.000Z",
    lastSeenAt: null,
    silentFor: null,
  };
}

async function schedulerFor(cloud: SampleCloud): Promise<FilterScheduler> {
  const client = await clientOf(cloud);
  const mirror = new ProviderMirror(client, new FakeClock(), silentLogger);
  const source = {
    hypervisors: async () =>
      cloud.hosts.all().map(({ providerId: id, node: hypervisorHostname, ...host }) => ({
        ...host,
        id,
        hypervisorHostname,
        cpuInfo: {},
        facts: {},
        changedAt: "2030-01-01T00:00:00.000Z",
      })),
    services: async () => cloud.hosts.all().map(recordOf),
    aggregates: async () => [],
    ioOps: async () => new Map(),
    imageProperties: async () => new Map(),
  };
  const zones = { defaultAvailabilityZone: "nova", needsImageProperties: () => false };
  const table = new HostTable(mirror, source, new Group(), zones);
  const claims = new PlacementClaims(client, mirror);
  const settings = schedulerOptions.schema.parse({});
  const chains = givenChains({ weighers: [new FreeMemory()] }, { logger: silentLogger, clock: new FakeClock() });
  return new FilterScheduler(table, claims, client, chains, { record: () => {} }, settings, "control");
}

describe("the filter scheduler keeps the contract", () => {
  for (const check of schedulerSuite(schedulerFor)) it(check.name, check.run);
});
