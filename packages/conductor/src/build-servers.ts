import { placeServers, stillOwned, type TakenOperation } from "@kilonova/compute-store";
import {
  type Destination,
  type Fault,
  type OperationEvent,
  type Selection,
  schedulerContract,
} from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import type { ComputeHosts } from "./compute-hosts.js";
import { wakeCompute } from "./compute-wake.js";
import { faultOf, noValidHost } from "./fault.js";
import type { ServerResources } from "./server-resources.js";
import { beginEvent, contextOf, stepOf } from "./taken.js";
import { type ConductorWorld, TAKE_WITHIN } from "./world.js";

/** Finds hosts for servers and hands the builds over to their computes. */
export class BuildServers {
  constructor(
    private readonly world: ConductorWorld,
    private readonly resources: ServerResources,
    private readonly hosts: ComputeHosts,
  ) {}

  /** Has the scheduler find hosts for servers of one request; all or none. Those that are another's by now drop out. */
  async schedule(group: readonly TakenOperation[]): Promise<void> {
    const { rpc, clock, options } = this.world;
    const [first] = group;
    const requestSpec = first?.requestSpec;
    if (!first || !requestSpec) return;
    const end = beginEvent(clock, "conductor_schedule");
    const context = contextOf(first);
    let tries = 0;
    const select = () => {
      tries++;
      return rpc.client(schedulerContract).call.selectDestinations(context, {
        requestSpec,
        servers: group.map(({ operation, server }) => ({ serverId: server.id, fence: operation.fence })),
        alternates: options.maxAttempts - 1,
        ignoredHosts: [],
      });
    };
    const selected = await patientCall(clock, context.signal, select, options.stepTimeout);
    if (selected.ok) return await this.#place(group, selected.value, end("Success"));
    if (selected.refusal === "staleFence") {
      return await this.schedule(await this.#without(group, selected.details.serverId));
    }
    const fault = noValidHost(selected.details.reason);
    await Promise.all(group.map((taken) => this.#refused(taken, fault, end("Error", fault.message), tries === 1)));
  }

  /** Claims the next alternate that has room, and sends the build there. */
  async tryAlternates(taken: TakenOperation): Promise<void> {
    const { operation } = taken;
    const end = beginEvent(this.world.clock, "conductor_reschedule");
    const left = operation.attempt < this.world.options.maxAttempts ? operation.alternates : [];
    for (const [index, destination] of left.entries()) {
      if (!(await this.hosts.isUp(destination.host))) continue;
      const granted = await this.resources.claim(taken, destination);
      if (granted === "stale") return;
      if (granted === "refused") continue;
      await this.#handOver([{ taken, destination, alternates: left.slice(index + 1) }], end("Success"));
      return;
    }
    const fault = exhausted(taken);
    await this.fail(taken, fault, end("Error", fault.message));
  }

  /** Ends a build: the server is in error, and has nothing. */
  async fail(taken: TakenOperation, fault: Fault, event = this.#failure(fault)): Promise<void> {
    // Where a commit was not answered the build may be a compute's by now, and what it has is not ours to free.
    if ((await stillOwned(this.world.database, [stepOf(taken)])).length === 0) return;
    if (await this.resources.release(taken)) await this.end(taken, fault, event);
  }

  /** The same without asking anybody, for a build that has nothing or had its time. */
  async end(taken: TakenOperation, fault: Fault, event = this.#failure(fault)): Promise<void> {
    await this.world.ends.finish(stepOf(taken), {
      changes: { vmState: "error", networkInfo: [] },
      fault,
      events: [event],
    });
  }

  /**
   * A scheduler that refuses has claimed nothing. Neither had anybody before, where the server was asked about once under
   * its first fence; one that was asked and did not answer may have.
   */
  async #refused(taken: TakenOperation, fault: Fault, event: OperationEvent, isFirstTry: boolean): Promise<void> {
    const hasNothing = isFirstTry && taken.operation.fence <= 1;
    return hasNothing ? await this.end(taken, fault, event) : await this.fail(taken, fault, event);
  }

  #failure(fault: Fault): OperationEvent {
    return beginEvent(this.world.clock, "conductor_schedule")("Error", fault.message);
  }

  async #place(group: readonly TakenOperation[], selections: readonly Selection[], event: OperationEvent) {
    const byServer = new Map(selections.map((selection) => [selection.serverId, selection]));
    const builds = group.flatMap((taken) => {
      const selection = byServer.get(taken.server.id);
      return selection ? [{ taken, destination: selection.destination, alternates: selection.alternates }] : [];
    });
    await this.#handOver(builds, event);
  }

  async #handOver(builds: readonly Build[], event: OperationEvent): Promise<void> {
    const placements = builds.map(({ taken, destination, alternates }) => ({
      operationId: taken.operation.id,
      fence: taken.operation.fence,
      destination,
      alternates,
      event,
    }));
    const placed = new Set(await placeServers(this.world.database, placements, TAKE_WITHIN));
    const gone = builds.filter(({ taken }) => placed.has(taken.operation.id));
    await Promise.all(
      gone.map(({ taken, destination }) =>
        wakeCompute(this.world, contextOf(taken), destination.host, taken.operation),
      ),
    );
  }

  async #without(group: readonly TakenOperation[], serverId: string): Promise<readonly TakenOperation[]> {
    const ours = new Set(await stillOwned(this.world.database, group.map(stepOf)));
    return group.filter(({ operation, server }) => ours.has(operation.id) && server.id !== serverId);
  }
}

interface Build {
  readonly taken: TakenOperation;
  readonly destination: Destination;
  readonly alternates: readonly Destination[];
}

function exhausted({ operation, lastFault }: TakenOperation): Fault {
  const tried = `${operation.attempt} ${operation.attempt === 1 ? "host" : "hosts"} tried to build the server and failed; no other is left.`;
  return lastFault ? faultOf(`${tried} ${lastFault.message}`, lastFault.details) : faultOf(tried);
}
