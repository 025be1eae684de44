import {
  addHostToAggregate,
  createAggregate,
  deleteAggregate,
  findAggregate,
  listHostAggregates,
  removeHostFromAggregate,
  updateAggregate,
} from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { ApiFault, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import type { AvailabilityZones } from "../hosts/availability-zones.js";
import type { ComputeServices } from "../hosts/compute-services.js";
import type { HostNews } from "../hosts/host-news.js";
import {
  addHostBody,
  createAggregateBody,
  removeHostBody,
  setMetadataBody,
  updateAggregateBody,
} from "../schemas/aggregates.js";
import { MAX_INTEGER } from "../schemas/parameter-types.js";
import { loose } from "../schemas/replies.js";
import { aggregateView, briefAggregateView } from "../views/aggregates.js";

const oneReply = { 200: z.object({ aggregate: loose }) };
const one = { path: "/os-aggregates/{aggregate_id}", errors: [409] } as const;
const action = { method: "POST", path: "/os-aggregates/{aggregate_id}/action", errors: [409] } as const;

const list = declareRoute({
  method: "GET",
  path: "/os-aggregates",
  policy: "os_compute_api:os-aggregates:index",
  replies: { 200: z.object({ aggregates: z.array(loose) }) },
});
const create = declareRoute({
  method: "POST",
  path: "/os-aggregates",
  policy: "os_compute_api:os-aggregates:create",
  body: createAggregateBody,
  replies: oneReply,
  errors: [409],
});
const show = declareRoute({
  ...one,
  method: "GET",
  policy: "os_compute_api:os-aggregates:show",
  replies: oneReply,
});
const update = declareRoute({
  ...one,
  method: "PUT",
  policy: "os_compute_api:os-aggregates:update",
  body: updateAggregateBody,
  replies: oneReply,
});
const remove = declareRoute({
  ...one,
  method: "DELETE",
  policy: "os_compute_api:os-aggregates:delete",
  replies: { 200: null },
});
const addHost = declareRoute({
  ...action,
  action: "add_host",
  policy: "os_compute_api:os-aggregates:add_host",
  body: addHostBody,
  replies: oneReply,
});
const removeHost = declareRoute({
  ...action,
  action: "remove_host",
  policy: "os_compute_api:os-aggregates:remove_host",
  body: removeHostBody,
  replies: oneReply,
});
const setMetadata = declareRoute({
  ...action,
  action: "set_metadata",
  policy: "os_compute_api:os-aggregates:set_metadata",
  body: setMetadataBody,
  replies: oneReply,
});

/** Host aggregates: groups of hosts with metadata. One with the key `availability_zone` makes its hosts a zone. */
export class AggregatesController {
  constructor(
    private readonly database: Database,
    private readonly services: ComputeServices,
    private readonly zones: AvailabilityZones,
    private readonly news: HostNews,
  ) {}

  @route(list)
  async list({ version }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const found = await listHostAggregates(this.database);
    return { status: 200, body: { aggregates: found.map((aggregate) => aggregateView(aggregate, version.minor)) } };
  }

  @route(create)
  async create({ context, body, version }: RouteRequest<typeof create>): Promise<Reply<typeof create>> {
    const { name, availability_zone: zone } = body.aggregate;
    const made = await createAggregate(this.database, { name, metadata: zone ? { availability_zone: zone } : {} });
    if (!made.ok) return nameTaken(name);
    await this.news.tell(context);
    return { status: 200, body: { aggregate: briefAggregateView(made.value, version.minor) } };
  }

  @route(show)
  async show({ params, version }: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const found = await findAggregate(this.database, numberOf(params.aggregate_id));
    return found
      ? { status: 200, body: { aggregate: aggregateView(found, version.minor) } }
      : noSuchAggregate(params.aggregate_id);
  }

  @route(update)
  async update(request: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const { body } = request;
    const { name, availability_zone: zone } = body.aggregate;
    const changes = {
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(zone === undefined ? {} : { metadata: { availability_zone: zone } }),
    };
    return await this.#update(request, changes, "Cannot update aggregate");
  }

  @route(setMetadata)
  async setMetadata(request: RouteRequest<typeof setMetadata>): Promise<Reply<typeof setMetadata>> {
    const { metadata } = request.body.set_metadata;
    return await this.#update(request, { metadata }, "Cannot update metadata of aggregate");
  }

  @route(remove)
  async remove({ context, params }: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    const { aggregate_id: id } = params;
    const removed = await deleteAggregate(this.database, numberOf(id));
    if (removed.ok) {
      await this.news.tell(context);
      return { status: 200 };
    }
    if (removed.refusal === "notFound") return noSuchAggregate(id);
    return fault(400, `Cannot remove host from aggregate ${id}. Reason: Host aggregate is not empty.`);
  }

  @route(addHost)
  async addHost({ context, params, body, version }: RouteRequest<typeof addHost>): Promise<Reply<typeof addHost>> {
    const { aggregate_id: id } = params;
    const { host } = body.add_host;
    if (!(await this.services.computesByHost()).has(host))
      return fault(404, `Compute host ${host} could not be found.`);
    const added = await addHostToAggregate(this.database, numberOf(id), host, this.zones.defaultZone);
    if (added.ok) {
      await this.news.tell(context);
      return { status: 200, body: { aggregate: aggregateView(added.value, version.minor) } };
    }
    const cannot = (reason: string) => fault(409, `Cannot add host to aggregate ${id}. Reason: ${reason}.`);
    switch (added.refusal) {
      case "notFound":
        return noSuchAggregate(id);
      case "hostIsThere":
        return fault(409, `Aggregate ${id} already has host ${host}.`);
      case "otherZones":
        return cannot(otherZonesWords(added.details.zones));
      case "serversMove":
        return cannot(serversMoveWords("added to", added.details));
    }
  }

  @route(removeHost)
  async removeHost({
    context,
    params,
    body,
    version,
  }: RouteRequest<typeof removeHost>): Promise<Reply<typeof removeHost>> {
    const { aggregate_id: id } = params;
    const { host } = body.remove_host;
    const removed = await removeHostFromAggregate(this.database, numberOf(id), host, this.zones.defaultZone);
    if (removed.ok) {
      await this.news.tell(context);
      return { status: 200, body: { aggregate: aggregateView(removed.value, version.minor) } };
    }
    const cannot = `Cannot remove host ${host} in aggregate ${id}`;
    if (removed.refusal !== "serversMove") return fault(404, cannot);
    return fault(409, `${cannot}: ${serversMoveWords("removed from", removed.details)}.`);
  }

  async #update(
    {
      context,
      params: { aggregate_id: id },
      version,
    }: Pick<RouteRequest<typeof update>, "context" | "params" | "version">,
    changes: Parameters<typeof updateAggregate>[2],
    cannot: string,
  ) {
    const updated = await updateAggregate(this.database, numberOf(id), changes);
    if (updated.ok) {
      await this.news.tell(context);
      return { status: 200 as const, body: { aggregate: aggregateView(updated.value, version.minor) } };
    }
    const refuse = (reason: string) => fault(400, `${cannot} ${id}. Reason: ${reason}.`);
    switch (updated.refusal) {
      case "notFound":
        return noSuchAggregate(id);
      case "nameTaken":
        return nameTaken(updated.details.name);
      case "noZone":
        return refuse(`Aggregate ${updated.details.name} does not support empty named availability zone`);
      case "otherZones":
        return refuse(otherZonesWords(updated.details.zones));
      case "hostsHaveServers":
        return refuse("One or more hosts contain instances in this zone");
    }
  }
}

/** What is a number and no aggregate's becomes one that none has. @throws ApiFault 400 */
function numberOf(id: string): number {
  if (!/^-?[0-9]+$/.test(id)) throw new ApiFault(400, "Invalid input received: id must be an integer");
  const number = Number(id);
  return number <= MAX_INTEGER ? Math.max(number, 0) : 0;
}

function noSuchAggregate(id: string): ApiFault {
  return fault(404, `Aggregate ${id} could not be found.`);
}

function nameTaken(name: string): ApiFault {
  return fault(409, `Aggregate ${name} already exists.`);
}

function otherZonesWords(zones: readonly string[]): string {
  return `One or more hosts already in availability zone(s) [${zones.map((zone) => `'${zone}'`).join(", ")}]`;
}

function serversMoveWords(
  moved: "added to" | "removed from",
  { servers, from, to }: { readonly servers: number; readonly from: string; readonly to: string },
): string {
  return `The host cannot be ${moved} the aggregate as the availability zone of the host would change from '${from}' to '${to}' but the host already has ${servers} instance(s)`;
}
