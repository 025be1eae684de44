import { type DueOperation, dueOperations, takeFromCompute } from "@kilonova/compute-store";
import { RequestContext } from "@kilonova/messaging";
import type { ComputeHosts } from "./compute-hosts.js";
import { wakeCompute } from "./compute-wake.js";
import type { ConductorWork } from "./conductor-work.js";
import type { ConductorWorld } from "./world.js";

const BATCH = 200;

/**
 * Sees to operations that nobody took in time or whose owner is gone: a cast that was lost, a process that was killed, a
 * cloud that was killed whole are all the same case. Every conductor sweeps, all the time.
 */
export class OperationSweep {
  constructor(
    private readonly world: ConductorWorld,
    private readonly work: ConductorWork,
    private readonly hosts: ComputeHosts,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (this.work.hasRoom() && !signal.aborted) {
      const due = await dueOperations(this.world.database, BATCH);
      if (due.length > 0) await this.#seeTo(due);
      if (due.length < BATCH) return;
    }
  }

  async #seeTo(due: readonly DueOperation[]): Promise<void> {
    const own = due.filter(({ operation }) => operation.stage === "conductor");
    await this.work.take(ids(own.filter((one) => !this.#isOverdue(one))));
    await this.work.take(ids(own.filter((one) => this.#isOverdue(one))), { overdue: true });
    await Promise.all(
      due.filter(({ operation }) => operation.stage === "compute").map((one) => this.#seeToCompute(one)),
    );
  }

  async #seeToCompute(due: DueOperation): Promise<void> {
    const { operation } = due;
    const host = operation.host ?? "";
    if (this.#isOverdue(due)) return await this.#takeAway(due, { overdue: true });
    if (await this.hosts.isLost(host, this.world.options.computeDownLimit, due.idle)) {
      return await this.#takeAway(due, { lost: `The compute service of host ${host} is down.` });
    }
    if (!(await this.hosts.isUp(host))) return;
    const { requestId, userId, projectId } = operation;
    const context = new RequestContext({ requestId, userId, projectId }).elevated();
    await wakeCompute(this.world, context, host, operation);
  }

  async #takeAway({ operation }: DueOperation, reason: { lost: string } | { overdue: true }): Promise<void> {
    this.world.logger.warn(
      { operationId: operation.id, action: operation.action, host: operation.host },
      "lost" in reason ? "an operation is taken away from a compute that is down" : "an operation is given up",
    );
    const taken = await takeFromCompute(this.world.database, this.work.taker(), [operation.id]);
    this.work.begin(taken, reason);
  }

  #isOverdue({ age }: DueOperation): boolean {
    return age > this.world.options.operationDeadline;
  }
}

function ids(due: readonly DueOperation[]): string[] {
  return due.map(({ operation }) => operation.id);
}
