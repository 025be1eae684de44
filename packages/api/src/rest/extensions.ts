import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { loose } from "../schemas/replies.js";

const UPDATED = "2014-12-03T00:00:00Z";

/** What is served, by the names that clients asked for before there were microversions. */
const NAMES: Readonly<Record<string, string>> = {
  "flavor-access": "FlavorAccess",
  "os-admin-actions": "AdminActions",
  "os-aggregates": "Aggregates",
  "os-availability-zone": "AvailabilityZone",
  "os-config-drive": "ConfigDrive",
  "os-console-output": "ConsoleOutput",
  "os-extended-availability-zone": "ExtendedAvailabilityZone",
  "os-extended-server-attributes": "ExtendedServerAttributes",
  "os-extended-status": "ExtendedStatus",
  "os-flavor-access": "FlavorAccess",
  "os-flavor-extra-specs": "FlavorExtraSpecs",
  "os-flavor-manage": "FlavorManage",
  "os-hypervisors": "Hypervisors",
  "os-instance-actions": "InstanceActions",
  "os-keypairs": "Keypairs",
  "os-quota-sets": "Quotas",
  "os-server-groups": "ServerGroups",
  "os-server-usage": "ServerUsage",
  "os-services": "Services",
  "os-user-data": "UserData",
};

const list = declareRoute({
  method: "GET",
  path: "/extensions",
  policy: "os_compute_api:extensions",
  replies: { 200: z.object({ extensions: z.array(loose) }) },
});

const show = declareRoute({
  method: "GET",
  path: "/extensions/{alias}",
  policy: "os_compute_api:extensions",
  replies: { 200: z.object({ extension: loose }) },
});

/** Tells old clients what there is. */
export class ExtensionsController {
  @route(list)
  async list(_request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    return { status: 200, body: { extensions: Object.keys(NAMES).map(view) } };
  }

  @route(show)
  async show({ params }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    if (!Object.hasOwn(NAMES, params.alias)) return fault(404, "The resource could not be found.");
    return { status: 200, body: { extension: view(params.alias) } };
  }
}

function view(alias: string) {
  return { alias, name: NAMES[alias], description: "", namespace: "", updated: UPDATED, links: [] };
}
