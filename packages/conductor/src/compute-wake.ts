import { computeContract, type Operation } from "@kilonova/contracts";
import { messageOf, type RequestContext } from "@kilonova/messaging";
import type { ConductorWorld } from "./world.js";

const METHODS = {
  create: "buildServer",
  delete: "deleteServer",
  start: "startServer",
  stop: "stopServer",
  reboot: "rebootServer",
} as const satisfies Record<Operation["action"], string>;

/** Wakes the compute of a host for an operation. A cast that cannot be sent is no failure: the sweep wakes it again. */
export async function wakeCompute(
  { rpc, logger }: ConductorWorld,
  context: RequestContext,
  host: string,
  { id: operationId, action }: Pick<Operation, "id" | "action">,
): Promise<void> {
  try {
    const { cast } = rpc.client(computeContract).prepare({ server: host });
    await cast[METHODS[action]](context, { operationId });
  } catch (error) {
    logger.warn({ operationId, host, error: messageOf(error) }, "a compute could not be woken; it will be tried again");
  }
}
