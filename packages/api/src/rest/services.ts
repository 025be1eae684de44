import type { ServiceSettings } from "@kilonova/database";
import { byVersion, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import type { AvailabilityZones } from "../hosts/availability-zones.js";
import type { ComputeServices, ServiceState } from "../hosts/compute-services.js";
import type { HostNews } from "../hosts/host-news.js";
import { isTrue } from "../schemas/parameter-types.js";
import { loose } from "../schemas/replies.js";
import { serviceActionBodies, updateServiceBody } from "../schemas/services.js";
import { binaryView, serviceView } from "../views/services.js";

const listQuery = { host: z.string().max(255).optional(), binary: z.string().max(255).optional() };

const list = declareRoute({
  method: "GET",
  path: "/os-services",
  policy: "os_compute_api:os-services:list",
  query: byVersion({ "2.1": z.object(listQuery), "2.75": z.strictObject(listQuery) }),
  replies: { 200: z.object({ services: z.array(loose) }) },
});

const act = declareRoute({
  method: "PUT",
  path: "/os-services/{service}",
  versions: { to: "2.52" },
  policy: "os_compute_api:os-services:update",
  body: byVersion(serviceActionBodies),
  replies: { 200: z.object({ service: loose }) },
});

const update = declareRoute({
  method: "PUT",
  path: "/os-services/{service}",
  versions: { from: "2.53" },
  policy: "os_compute_api:os-services:update",
  body: updateServiceBody,
  replies: { 200: z.object({ service: loose }) },
});

/** What an old request changes: what it asks for, and how its answer says it. */
interface ServiceAction {
  readonly settings: ServiceSettings;
  readonly shown: Readonly<Record<string, unknown>>;
}

/** The services of the cloud: which live, and which take servers. */
export class ServicesController {
  constructor(
    private readonly services: ComputeServices,
    private readonly zones: AvailabilityZones,
    private readonly news: HostNews,
  ) {}

  @route(list)
  async list({ query, version }: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const found = (await this.services.all()).filter(
      ({ service }) =>
        (query.host === undefined || query.host === service.host) &&
        (query.binary === undefined || isNamed(service, query.binary)),
    );
    const zoneOf = await this.zones.ofHosts();
    const services = found.map(({ service, up }) => serviceView(service, up, zoneOf, version.minor));
    return { status: 200, body: { services } };
  }

  @route(act)
  async act({ context, params, body, version }: RouteRequest<typeof act>): Promise<Reply<typeof act>> {
    const action = actionOf(params.service, body, version.minor);
    if (action === "unknown") return fault(404, "Unknown action");
    if (typeof action === "string") return fault(400, action);
    const { host, binary } = body;
    const found = (await this.services.all()).find(({ service }) => service.host === host && isNamed(service, binary));
    const updated = found && (await this.services.update(found.service.id, action.settings));
    if (!updated) return fault(404, `Could not find binary ${binary} on host ${host}.`);
    await this.news.tell(context);
    return { status: 200, body: { service: { host, binary, ...action.shown } } };
  }

  @route(update)
  async update({ context, params, body, version }: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const settings = settingsOf(body);
    if (typeof settings === "string") return fault(400, settings);
    const found = (await this.services.all()).find(({ service }) => service.id === params.service);
    if (!found) return fault(404, `Service ${params.service} could not be found.`);
    if (found.service.topic !== "compute") {
      const binary = binaryView(found.service);
      return fault(400, `Updating a ${binary} service is not supported. Only nova-compute services can be updated.`);
    }
    const updated: ServiceState | undefined = await this.services.update(found.service.id, settings);
    if (!updated) return fault(404, `Service ${params.service} could not be found.`);
    await this.news.tell(context);
    const zoneOf = await this.zones.ofHosts([updated.service.host]);
    return { status: 200, body: { service: serviceView(updated.service, updated.up, zoneOf, version.minor) } };
  }
}

function isNamed(service: ServiceState["service"], binary: string): boolean {
  return binary === service.binary || binary === binaryView(service);
}

/** @returns `unknown`, or what is wrong, or what to do */
function actionOf(
  name: string,
  body: { readonly disabled_reason?: string | undefined; readonly forced_down?: boolean | string | undefined },
  minor: number,
): ServiceAction | string {
  const { disabled_reason: reason, forced_down: forcedDown } = body;
  switch (name) {
    case "enable":
      return { settings: { disabled: false, disabledReason: null }, shown: { status: "enabled" } };
    case "disable":
      return { settings: { disabled: true, disabledReason: null }, shown: { status: "disabled" } };
    case "disable-log-reason":
      if (reason === undefined) return "Missing disabled reason field";
      return {
        settings: { disabled: true, disabledReason: reason },
        shown: { status: "disabled", disabled_reason: reason },
      };
    case "force-down":
      if (minor < 11) return "unknown";
      if (forcedDown === undefined) return "Missing forced_down field";
      return { settings: { forcedDown: isTrue(forcedDown) }, shown: { forced_down: isTrue(forcedDown) } };
    default:
      return "unknown";
  }
}

/** @returns what is wrong, or what to do */
function settingsOf(body: z.output<typeof updateServiceBody>): ServiceSettings | string {
  const { status, disabled_reason: reason, forced_down: forcedDown } = body;
  if (status === undefined && forcedDown === undefined) {
    return "No updates were requested. Fields 'status' or 'forced_down' should be specified.";
  }
  if (reason !== undefined && status !== "disabled") {
    return "Specifying disabled_reason requires that status is 'disabled'.";
  }
  return {
    ...(status === undefined ? {} : { disabled: status === "disabled", disabledReason: reason ?? null }),
    ...(forcedDown === undefined ? {} : { forcedDown: isTrue(forcedDown) }),
  };
}
