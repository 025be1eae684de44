import { SERVER_SORT_KEYS, type ServerFilter, type ServerSort, type ServerSortKey } from "@kilonova/compute-store";
import {
  POWER_STATES,
  type PowerState,
  TASK_STATES,
  type TaskState,
  VM_STATES,
  type VmState,
} from "@kilonova/contracts";
import { ApiFault } from "@kilonova/http";
import { z } from "zod";
import { instantOf } from "../rest/instants.js";
import { pageQuery } from "../rest/paging.js";
import { isTrue } from "../schemas/parameter-types.js";
import { statesOfStatus } from "./server-status.js";

const texts = z.array(z.string()).optional();

/** Filters that anyone may use. */
const USER_FILTERS = {
  reservation_id: texts,
  name: texts,
  status: texts,
  image: texts,
  flavor: texts,
  ip: texts,
  ip6: texts,
  "changes-since": texts,
  all_tenants: texts,
} as const;

/** Filters that anyone may use from 2.83 on, and only administrators before. */
const LATER_USER_FILTERS = {
  availability_zone: texts,
  config_drive: texts,
  key_name: texts,
  created_at: texts,
  launched_at: texts,
  terminated_at: texts,
  power_state: texts,
  task_state: texts,
  vm_state: texts,
  progress: texts,
  user_id: texts,
} as const;

const ADMIN_FILTERS = {
  host: texts,
  node: texts,
  hostname: texts,
  deleted: texts,
  project_id: texts,
  tenant_id: texts,
  uuid: texts,
  description: texts,
  display_description: texts,
  display_name: texts,
  instance_type_id: texts,
  image_ref: texts,
  kernel_id: texts,
  ramdisk_id: texts,
  launch_index: texts,
  root_device_name: texts,
  access_ip_v4: texts,
  access_ip_v6: texts,
  auto_disk_config: texts,
  locked_by: texts,
  soft_deleted: texts,
} as const;

const PAGE = { ...pageQuery, sort_key: texts, sort_dir: texts } as const;
const ALL = { ...USER_FILTERS, ...LATER_USER_FILTERS, ...ADMIN_FILTERS, ...PAGE };
const TAGS = { tags: texts, "tags-any": texts, "not-tags": texts, "not-tags-any": texts };
const BEFORE = { "changes-before": texts };
const LOCKED = { locked: texts };

/** Queries of `GET /servers` and `/servers/detail` by the microversion that brought them. */
export const serverQueries = {
  "2.1": z.object(ALL),
  "2.26": z.object({ ...ALL, ...TAGS }),
  "2.66": z.object({ ...ALL, ...TAGS, ...BEFORE }),
  "2.73": z.object({ ...ALL, ...TAGS, ...BEFORE, ...LOCKED }),
  "2.75": z.strictObject({ ...ALL, ...TAGS, ...BEFORE, ...LOCKED }),
} as const;

/** Everything that a query may hold at some version. */
export type ServerQuery = z.output<(typeof serverQueries)["2.75"]>;

/** Who asks for servers, and with which version. */
export interface ServerAsker {
  readonly minor: number;
  readonly projectId: string;
  /** May ask for the servers of all projects. */
  readonly allProjects: boolean;
  /** May filter by whatever there is. */
  readonly allFilters: boolean;
}

/** Which servers are asked for; `nothing` where none can fit. @throws ApiFault 400, 403 */
export function readServerFilter(query: ServerQuery, asker: ServerAsker): ServerFilter | "nothing" {
  const asked = permitted(query, asker);
  const everywhere = isAll(asked.all_tenants) && inPermission(asker);
  const statuses = readStatuses(asked, asker);
  if (statuses === "nothing" || hasImpossibleTags(asked)) return "nothing";
  const changedSince = instantOf(first(asked["changes-since"]), "changes-since");
  const changedBefore = instantOf(first(asked["changes-before"]), "changes-before");
  if (changedSince !== undefined && changedBefore !== undefined && changedBefore < changedSince) {
    throw new ApiFault(400, "The value of changes-since must be less than or equal to changes-before.");
  }
  const states = [...(statuses ?? []), ...vmStatesOf(asked.vm_state)];
  return {
    ...defined({
      projectId: everywhere ? (first(asked.project_id) ?? first(asked.tenant_id)) : asker.projectId,
      userId: first(asked.user_id),
      name: first(asked.name) ?? first(asked.display_name),
      hostname: first(asked.hostname),
      description: first(asked.description) ?? first(asked.display_description),
      ipV4: first(asked.ip),
      ipV6: first(asked.ip6),
      host: first(asked.host),
      node: first(asked.node),
      flavorId: first(asked.flavor),
      imageId: first(asked.image) ?? first(asked.image_ref),
      keyName: first(asked.key_name),
      availabilityZone: first(asked.availability_zone),
      reservationId: first(asked.reservation_id),
      configDrive: booleanOf(first(asked.config_drive)),
      locked: booleanOf(first(asked.locked)),
      ids: asked.uuid,
      states: states.length === 0 && asked.vm_state === undefined ? undefined : states,
      taskStates: taskStatesOf(asked.task_state),
      powerStates: powerStatesOf(asked.power_state),
      changedSince,
      changedBefore,
    }),
    deleted: deletedOf(asked, changedSince !== undefined || changedBefore !== undefined, statuses),
  };
}

/** What may be used of a query: the rest is ignored, as it has always been. */
function permitted(query: ServerQuery, { minor, allFilters }: ServerAsker): ServerQuery {
  if (allFilters) return query;
  const names = new Set([
    ...Object.keys({ ...USER_FILTERS, ...TAGS, ...BEFORE, ...LOCKED }),
    ...(minor >= 83 ? Object.keys(LATER_USER_FILTERS) : []),
  ]);
  if (minor < 5) names.delete("ip6");
  return Object.fromEntries(Object.entries(query).filter(([name]) => names.has(name)));
}

function isAll(values: readonly string[] | undefined): boolean {
  if (values === undefined) return false;
  // The bare word means yes.
  const [value = ""] = values;
  if (value === "") return true;
  const words = booleanWord(value);
  if (words === undefined) throw new ApiFault(400, `Invalid value '${value}' for 'all_tenants'.`);
  return words;
}

function inPermission({ allProjects }: ServerAsker): boolean {
  if (allProjects) return true;
  throw new ApiFault(403, "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.");
}

function readStatuses({ status }: ServerQuery, { minor, allFilters }: ServerAsker) {
  if (status === undefined) return undefined;
  const found = status.map((one) => statesOfStatus(one));
  if (minor >= 38 && found.includes(undefined)) throw new ApiFault(400, "Invalid status value");
  const known = found.filter((states) => states !== undefined);
  if (known.length === 0) return "nothing";
  if (!allFilters && known.some(({ vmState }) => vmState === "deleted")) {
    throw new ApiFault(403, "Only administrators may list deleted instances");
  }
  return known;
}

/** No server has a tag. */
function hasImpossibleTags(asked: ServerQuery): boolean {
  return asked.tags !== undefined || asked["tags-any"] !== undefined;
}

/** Whoever asks what changed wants to know what went, too. */
function deletedOf(
  asked: ServerQuery,
  changes: boolean,
  statuses: readonly { vmState: VmState }[] | undefined,
): "no" | "yes" | "only" {
  if (statuses?.every(({ vmState }) => vmState === "deleted")) return "only";
  const deleted = first(asked.deleted);
  if (deleted !== undefined) return booleanWord(deleted) ? "only" : "no";
  return changes ? "yes" : "no";
}

function vmStatesOf(values: readonly string[] | undefined): { vmState: VmState }[] {
  return (values ?? []).flatMap((value) => VM_STATES.filter((one) => one === value)).map((vmState) => ({ vmState }));
}

function taskStatesOf(values: readonly string[] | undefined): TaskState[] | undefined {
  return values?.flatMap((value): TaskState[] =>
    /^none$/i.test(value) ? [null] : TASK_STATES.filter((one) => one === value),
  );
}

/** By name or by number. */
function powerStatesOf(values: readonly string[] | undefined): PowerState[] | undefined {
  return values?.flatMap((value) =>
    (Object.keys(POWER_STATES) as PowerState[]).filter(
      (one) => one === value.toLowerCase() || String(POWER_STATES[one]) === value,
    ),
  );
}

function booleanOf(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : booleanWord(text);
}

function booleanWord(text: string): boolean | undefined {
  if (/^(t|y)$/i.test(text) || isTrue(text) || isTrue(text.toLowerCase())) return true;
  return /^(0|f|n|false|no|off)$/i.test(text) ? false : undefined;
}

function first(values: readonly string[] | undefined): string | undefined {
  return values?.[0];
}

type Defined<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

/** Without what is undefined. */
function defined<Values extends object>(values: Values): Defined<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<Values>;
}

/** The API's names of what servers are sorted by. */
const SORT_NAMES: Readonly<Record<string, ServerSortKey>> = {
  access_ip_v4: "accessIpV4",
  access_ip_v6: "accessIpV6",
  availability_zone: "availabilityZone",
  config_drive: "configDrive",
  created_at: "createdAt",
  display_description: "description",
  display_name: "name",
  hostname: "hostname",
  image_ref: "imageId",
  instance_type_id: "flavorId",
  key_name: "keyName",
  launch_index: "launchIndex",
  launched_at: "launchedAt",
  power_state: "powerState",
  project_id: "projectId",
  task_state: "taskState",
  terminated_at: "terminatedAt",
  updated_at: "updatedAt",
  user_id: "userId",
  uuid: "id",
  vm_state: "vmState",
};
const ADMIN_SORT_NAMES: Readonly<Record<string, ServerSortKey>> = { host: "host", node: "node" };
/** Names that every server has the same value of here, or none. */
const SAME_FOR_ALL: ReadonlySet<string> = new Set([
  "auto_disk_config",
  "kernel_id",
  "locked_by",
  "progress",
  "ramdisk_id",
  "root_device_name",
]);

/** In which order; the newest first where nothing is said. @throws ApiFault 400, 403 */
export function readServerSort(query: ServerQuery, { minor, allFilters }: ServerAsker): ServerSort[] {
  const directions = query.sort_dir ?? [];
  return (query.sort_key ?? []).flatMap((name, index) => {
    const direction = directions[index] ?? directions[0] ?? "desc";
    if (direction !== "asc" && direction !== "desc") {
      throw new ApiFault(400, `Unknown sort direction ${direction}, must be one of: asc, desc.`);
    }
    if (SAME_FOR_ALL.has(name)) return [];
    if (Object.hasOwn(ADMIN_SORT_NAMES, name) && !allFilters) {
      throw new ApiFault(403, `Only administrators can sort servers by ${name}`);
    }
    const names = { ...SORT_NAMES, ...ADMIN_SORT_NAMES, ...(minor >= 73 ? { locked: "locked" as const } : {}) };
    const key = Object.hasOwn(names, name) ? names[name as keyof typeof names] : undefined;
    if (key && SERVER_SORT_KEYS.includes(key)) return [{ key, direction }];
    throw new ApiFault(400, `Sort key ${name} is not valid.`);
  });
}
