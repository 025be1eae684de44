import { randomUUID } from "node:crypto";
import {
  createFlavor,
  deleteFlavor,
  describeFlavor,
  type FlavorRecord,
  type FlavorView,
  findFlavor,
  listFlavors,
} from "@kilonova/compute-store";
import type { Database } from "@kilonova/database";
import { ApiFault, byVersion, declareRoute, fault, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { type FlavorSortKey, flavorPage, isFlavorSortKey } from "../flavors/flavor-page.js";
import { createFlavorBodies, updateFlavorBody } from "../schemas/flavors.js";
import { isTrue, MAX_INTEGER } from "../schemas/parameter-types.js";
import { links, resource } from "../schemas/replies.js";
import { briefFlavorView, type FlavorLook, flavorView } from "../views/flavors.js";
import { nextLinks, pageLimit, pageQuery } from "./paging.js";

const listQuery = {
  ...pageQuery,
  is_public: z.string().optional(),
  minRam: z.string().optional(),
  minDisk: z.string().optional(),
  sort_key: z.array(z.string()).optional(),
  sort_dir: z.array(z.string()).optional(),
};
const listQueries = byVersion({ "2.1": z.object(listQuery), "2.75": z.strictObject(listQuery) });
const listReply = z.object({ flavors: z.array(resource), flavors_links: links.optional() });
const flavorReply = z.object({ flavor: resource });
const EXTRA_SPECS = "os_compute_api:os-flavor-extra-specs:index";

const list = declareRoute({
  method: "GET",
  path: "/flavors",
  policy: "authenticated",
  query: listQueries,
  replies: { 200: listReply },
});

const detail = declareRoute({
  method: "GET",
  path: "/flavors/detail",
  policy: "authenticated",
  policies: [EXTRA_SPECS],
  query: listQueries,
  replies: { 200: listReply },
});

const create = declareRoute({
  method: "POST",
  path: "/flavors",
  policy: "os_compute_api:os-flavor-manage:create",
  policies: [EXTRA_SPECS],
  body: byVersion(createFlavorBodies),
  replies: { 200: flavorReply },
  errors: [409],
});

const show = declareRoute({
  method: "GET",
  path: "/flavors/{flavor_id}",
  policy: "authenticated",
  policies: [EXTRA_SPECS],
  replies: { 200: flavorReply },
});

const update = declareRoute({
  method: "PUT",
  path: "/flavors/{flavor_id}",
  versions: { from: "2.55" },
  policy: "os_compute_api:os-flavor-manage:update",
  policies: [EXTRA_SPECS],
  body: updateFlavorBody,
  replies: { 200: flavorReply },
});

const remove = declareRoute({
  method: "DELETE",
  path: "/flavors/{flavor_id}",
  policy: "os_compute_api:os-flavor-manage:delete",
  replies: { 202: null },
});

/** Flavors: the sizes that servers come in. */
export class FlavorsController {
  constructor(
    private readonly database: Database,
    private readonly maxLimit: number,
  ) {}

  @route(list)
  async list(request: RouteRequest<typeof list>): Promise<Reply<typeof list>> {
    const look = lookOf(request);
    return await this.#page(request, "/flavors", (flavor) => briefFlavorView(flavor, look));
  }

  @route(detail)
  async detail(request: RouteRequest<typeof detail>): Promise<Reply<typeof detail>> {
    const look = lookOf(request);
    return await this.#page(request, "/flavors/detail", (flavor) => flavorView(flavor, look));
  }

  @route(create)
  async create(request: RouteRequest<typeof create>): Promise<Reply<typeof create>> {
    const asked: z.output<(typeof createFlavorBodies)["2.55"]>["flavor"] = request.body.flavor;
    const made = await createFlavor(this.database, {
      id: asked.id === undefined || asked.id === null || asked.id === "auto" ? randomUUID() : String(asked.id),
      name: asked.name,
      description: asked.description ?? null,
      memoryMb: bounded(asked.ram, "ram", 1),
      vcpus: bounded(asked.vcpus, "vcpus", 1),
      rootGb: bounded(asked.disk, "disk", 0),
      ephemeralGb: bounded(asked["OS-FLV-EXT-DATA:ephemeral"] ?? 0, "OS-FLV-EXT-DATA:ephemeral", 0),
      swapMb: bounded(asked.swap ?? 0, "swap", 0),
      rxtxFactor: rxtxFactorOf(asked.rxtx_factor),
      isPublic: asked["os-flavor-access:is_public"] === undefined || isTrue(asked["os-flavor-access:is_public"]),
      extraSpecs: {},
    });
    if (made.ok) return { status: 200, body: { flavor: flavorView(made.value, lookOf(request)) } };
    const taken = made.refusal === "nameTaken" ? `name ${asked.name}` : `ID ${asked.id}`;
    return fault(409, `Flavor with ${taken} already exists.`);
  }

  @route(show)
  async show(request: RouteRequest<typeof show>): Promise<Reply<typeof show>> {
    const found = await findFlavor(this.database, request.params.flavor_id, flavorViewOf(request));
    return found
      ? { status: 200, body: { flavor: flavorView(found, lookOf(request)) } }
      : noSuchFlavor(request.params.flavor_id);
  }

  @route(update)
  async update(request: RouteRequest<typeof update>): Promise<Reply<typeof update>> {
    const changed = await describeFlavor(this.database, request.params.flavor_id, request.body.flavor.description);
    if (!changed) return noSuchFlavor(request.params.flavor_id);
    return { status: 200, body: { flavor: flavorView(changed, lookOf(request)) } };
  }

  @route(remove)
  async remove({ params }: RouteRequest<typeof remove>): Promise<Reply<typeof remove>> {
    return (await deleteFlavor(this.database, params.flavor_id)) ? { status: 202 } : noSuchFlavor(params.flavor_id);
  }

  async #page(
    request: RouteRequest<typeof list>,
    path: string,
    shown: (flavor: FlavorRecord) => z.output<typeof resource>,
  ): Promise<Reply<typeof list>> {
    const { query } = request;
    const limit = pageLimit(query.limit, this.maxLimit);
    const { view: seen, isPublic } = visibilityOf(request);
    const found = flavorPage(await listFlavors(this.database, seen), {
      isPublic,
      minRam: amountOf(query.minRam, "minRam"),
      minDisk: amountOf(query.minDisk, "minDisk"),
      sortKey: sortKeyOf(query.sort_key?.[0]),
      descending: descendingOf(query.sort_dir?.[0]),
      limit,
      marker: query.marker,
    });
    if (!found) return fault(400, `marker [${query.marker}] not found`);
    const next = nextLinks(request.links, path, request.queryText, {
      size: found.length,
      limit,
      last: found.at(-1)?.id,
    });
    return { status: 200, body: { flavors: found.map(shown), ...(next ? { flavors_links: next } : {}) } };
  }
}

type AnyRequest = Pick<RouteRequest, "context" | "version" | "links" | "policy">;

function lookOf({ version, links, policy }: AnyRequest): FlavorLook {
  return { minor: version.minor, links, extraSpecs: policy.allows(EXTRA_SPECS) };
}

/** Which flavors a request is about. */
export function flavorViewOf({ context }: Pick<RouteRequest, "context">): FlavorView {
  return context.isAdmin ? "all" : { projectId: context.projectId ?? "" };
}

/** The fault of a flavor that does not exist, or that may not be seen. */
export function noSuchFlavor(flavorId: string): ApiFault {
  return fault(404, `Flavor ${flavorId} could not be found.`);
}

const TRUE_WORDS: ReadonlySet<string> = new Set(["1", "t", "true", "yes", "on", "y"]);
const FALSE_WORDS: ReadonlySet<string> = new Set(["0", "f", "false", "no", "off", "n"]);

/** Users see what is theirs to use; only an administrator may ask for what is public, for what is not, or for both. */
function visibilityOf({ context, query }: RouteRequest<typeof list>): {
  view: FlavorView;
  isPublic: boolean | undefined;
} {
  const asked = query.is_public?.toLowerCase();
  const own = { projectId: context.projectId ?? "" };
  if (!context.isAdmin) return { view: own, isPublic: undefined };
  if (asked === undefined) return { view: own, isPublic: true };
  if (asked === "none") return { view: "all", isPublic: undefined };
  if (TRUE_WORDS.has(asked)) return { view: "all", isPublic: true };
  if (FALSE_WORDS.has(asked)) return { view: "all", isPublic: false };
  throw new ApiFault(400, `Invalid is_public filter [${query.is_public}]`);
}

function amountOf(text: string | undefined, name: string): number {
  if (text === undefined) return 0;
  if (!/^[0-9]{1,9}$/.test(text)) throw new ApiFault(400, `Invalid ${name} filter [${text}]`);
  return Number(text);
}

function sortKeyOf(asked = "flavorid"): FlavorSortKey {
  if (isFlavorSortKey(asked)) return asked;
  throw new ApiFault(400, `Sort key ${asked} is not valid.`);
}

function descendingOf(asked = "asc"): boolean {
  if (asked === "asc" || asked === "desc") return asked === "desc";
  throw new ApiFault(400, `Unknown sort direction ${asked}, must be one of: asc, desc.`);
}

/** Digits are taken for numbers; both must fit. */
function bounded(value: number | string, name: string, minimum: number): number {
  const number = Number(value);
  if (number >= minimum && number <= MAX_INTEGER) return number;
  throw new ApiFault(
    400,
    `Invalid input for field/attribute ${name}. Value: ${value}. It must be from ${minimum} to ${MAX_INTEGER}.`,
  );
}

function rxtxFactorOf(value: number | string | undefined): number {
  const factor = Number(value ?? 1);
  if (factor > 0 && factor <= 3.4e38) return factor;
  throw new ApiFault(400, `Invalid input for field/attribute rxtx_factor. Value: ${value}. It must be more than 0.`);
}
