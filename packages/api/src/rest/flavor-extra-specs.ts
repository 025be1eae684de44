import { deleteExtraSpec, findFlavor, setExtraSpecs } from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { createExtraSpecsBody, updateExtraSpecBody } from "../schemas/flavor-extra-specs.js";
import { flavorViewOf, noSuchFlavor } from "./flavors.js";

const texts = z.record(z.string(), z.string());

const list = declareRoute({
  method: "GET",
  path: "/flavors/{flavor_id}/os-extra_specs",
  policy: "os_compute_api:os-flavor-extra-specs:index",
  replies: { 200: z.object({ extra_specs: texts }) },
});

const create = declareRoute({
  method: "POST",
  path: "/flavors/{flavor_id}/os-extra_specs",
  policy: "os_compute_api:os-flavor-extra-specs:create",
  body: createExtraSpecsBody,
  replies: { 200: z.object({ extra_specs: texts }) },
});

const show = declareRoute({
  method: "GET",
  path: "/flavors/{flavor_id}/os-extra_specs/{key}",
  policy: "os_compute_api:os-flavor-extra-specs:show",
  replies: { 200: texts },
});

const update = declareRoute({
  method: "PUT",
  path: "/flavors/{flavor_id}/os-extra_specs/{key}",
  policy: "os_compute_api:os-flavor-extra-specs:update",
  body: updateExtraSpecBody,
  replies: { 200: texts },
});

const remove = declareRoute({
  method: "DELETE",
  path: "/flavors/{flavor_id}/os-extra_specs/{key}",
  policy: "os_compute_api:os-flavor-extra-specs:delete",
  replies: { 200: null },
});

/** What a flavor asks of hosts beyond its size. */
export class FlavorExtraSpecsController {
  constructor(private readonly database: Database) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const found = await findFlavor(this.database, request.params.flavor_id, flavorViewOf(request));
    if (!found) return noSuchFlavor(request.params.flavor_id);
    return { status: 200, body: { extra_specs: found.extraSpecs } };
  }

  @route(create)
  async create({ params, body }: RouteRequest<typeof create>): Promise<Reply<typeof create>> {
    const asked = textsOf(body.extra_specs);
    if (!(await setExtraSpecs(this.database, params.flavor_id, asked))) return noSuchFlavor(params.flavor_id);
    return { status: 200, body: { extra_specs: asked } };
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const { flavor_id: id, key } = request.params;
    const found = await findFlavor(this.database, id, flavorViewOf(request));
    if (!found) return noSuchFlavor(id);
    const value = Object.hasOwn(found.extraSpecs, key) ? found.extraSpecs[key] : undefined;
    return value === undefined ? noSuchSpec(id, key) : { status: 200, body: { [key]: value } };
  }

  @route(update)
  async update({ params, body }: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const { flavor_id: id, key } = params;
    const asked = textsOf(body);
    if (Object.keys(asked).length !== 1 || !Object.hasOwn(asked, key)) {
      return fault(400, "Request body and URI mismatch");
    }
    return (await setExtraSpecs(this.database, id, asked)) ? { status: 200, body: asked } : noSuchFlavor(id);
  }

  @route(remove)
  async remove({ params }: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    const { flavor_id: id, key } = params;
    const found = await findFlavor(this.database, id, "all");
    if (!found) return noSuchFlavor(id);
    if (!Object.hasOwn(found.extraSpecs, key)) return noSuchSpec(id, key);
    return (await deleteExtraSpec(this.database, id, key)) ? { status: 200 } : noSuchFlavor(id);
  }
}

function noSuchSpec(flavorId: string, key: string) {
  return fault(404, `Flavor ${flavorId} has no extra specs with key ${key}.`);
}

function textsOf(specs: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(specs).map(([key, value]) => [key, String(value)]));
}
