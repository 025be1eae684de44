import { addFlavorAccess, findFlavor, flavorProjects, removeFlavorAccess } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { addTenantAccessBody, removeTenantAccessBody } from "../schemas/flavors.js";
import { noSuchFlavor } from "./flavors.js";

const reply = z.object({ flavor_access: z.array(z.object({ flavor_id: z.string(), tenant_id: z.string() })) });

const list = declareRoute({
  method: "GET",
  path: "/flavors/{flavor_id}/os-flavor-access",
  policy: "os_compute_api:os-flavor-access",
  replies: { 200: reply },
});

const add = declareRoute({
  method: "POST",
  path: "/flavors/{flavor_id}/action",
  action: "addTenantAccess",
  policy: "os_compute_api:os-flavor-access:add_tenant_access",
  body: addTenantAccessBody,
  replies: { 200: reply },
  errors: [409],
});

const remove = declareRoute({
  method: "POST",
  path: "/flavors/{flavor_id}/action",
  action: "removeTenantAccess",
  policy: "os_compute_api:os-flavor-access:remove_tenant_access",
  body: removeTenantAccessBody,
  replies: { 200: reply },
});

/** Which projects may use the flavors that are not for everyone. */
export class FlavorAccessController {
  constructor(private readonly database: Database) {}

  @route(list)
  async list({ params }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const found = await findFlavor(this.database, params.flavor_id, "all");
    if (!found) return noSuchFlavor(params.flavor_id);
    if (found.isPublic) return fault(404, "Access list not available for public flavors.");
    return await this.#listed(params.flavor_id);
  }

  @route(add)
  async add({ params, body, version }: RouteRequest<typeof add>): Promise<Reply<typeof add>> {
    const { tenant } = body.addTenantAccess;
    const found = await findFlavor(this.database, params.flavor_id, "all");
    if (!found) return noSuchFlavor(params.flavor_id);
    if (found.isPublic && version.minor >= 7) return fault(409, "Can not add access to a public flavor.");
    if (!(await addFlavorAccess(this.database, found.id, tenant))) {
      return fault(409, `Flavor access already exists for flavor ${found.id} and project ${tenant} combination.`);
    }
    return await this.#listed(found.id);
  }

  @route(remove)
  async remove({ params, body }: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    const { tenant } = body.removeTenantAccess;
    const found = await findFlavor(this.database, params.flavor_id, "all");
    if (!found) return noSuchFlavor(params.flavor_id);
    if (!(await removeFlavorAccess(this.database, found.id, tenant))) {
      return fault(404, `Flavor access not found for ${found.id} / ${tenant} combination.`);
    }
    return await this.#listed(found.id);
  }

  async #listed(flavorId: string) {
    const projects = await flavorProjects(this.database, flavorId);
    const body = { flavor_access: projects.map((projectId) => ({ flavor_id: flavorId, tenant_id: projectId })) };
    return { status: 200 as const, body };
  }
}
