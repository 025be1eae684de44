import { openOperations } from "@kilonova/compute-store";
import { cloudStatusSchema } from "@kilonova/contracts";
import type { Database } from "@kilonova/database";
import { declareRoute, type Reply, route } from "@kilonova/http";
import type { ComputeServices, ServiceState } from "../hosts/compute-services.js";

/** So many operations are told of; there is a number for the others. */
const MOST = 100;

const show = declareRoute({
  method: "GET",
  path: "/kilonova/status",
  policy: "kilonova:status",
  replies: { 200: cloudStatusSchema },
});

/** How the cloud is: its services, and what is being done to servers. */
export class StatusController {
  constructor(
    private readonly services: ComputeServices,
    private readonly database: Database,
  ) {}

  @route(show)
  async show(): Promise<Reply<typeof show>> {
    const services = await this.services.ofEveryTopic();
    const { total, oldest } = await openOperations(this.database, MOST);
    const body = { services: services.map(statusOf), openOperations: total, operations: [...oldest] };
    return { status: 200, body };
  }
}

function statusOf({ service, up }: ServiceState) {
  const { binary, topic, host, disabled, disabledReason, forcedDown, silentFor, contracts } = service;
  return {
    binary,
    topic,
    host,
    disabled,
    disabledReason,
    forcedDown,
    silentFor,
    up,
    version: contracts[topic] ?? null,
  };
}
