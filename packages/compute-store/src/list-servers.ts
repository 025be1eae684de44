import type { PowerState, TaskState, VmState } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import type { ServerRecord } from "./rows.js";
import { withFaults } from "./servers.js";
import { servers } from "./tables/index.js";
import { isUuid } from "./uuid.js";

/** Servers in a state: that vm state and one of these task states, or none of those. */
export interface StateMatch {
  readonly vmState: VmState;
  readonly taskStates?: readonly TaskState[];
  readonly notTaskStates?: readonly TaskState[];
}

/** Which servers are asked for: those that fit all that is said. */
export interface ServerFilter {
  readonly ids?: readonly string[];
  readonly projectId?: string;
  readonly userId?: string;
  /** Any of them. */
  readonly states?: readonly StateMatch[];
  readonly powerStates?: readonly PowerState[];
  readonly taskStates?: readonly TaskState[];
  /** Regular expressions of PostgreSQL, found anywhere in the text. */
  readonly name?: string;
  readonly hostname?: string;
  readonly description?: string;
  readonly ipV4?: string;
  readonly ipV6?: string;
  readonly host?: string;
  readonly node?: string;
  readonly flavorId?: string;
  readonly imageId?: string;
  readonly keyName?: string;
  readonly availabilityZone?: string;
  readonly reservationId?: string;
  readonly configDrive?: boolean;
  readonly locked?: boolean;
  /** All of these pairs. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Instants; both bounds belong to it. */
  readonly changedSince?: string;
  readonly changedBefore?: string;
  /** `no` where nothing is said. */
  readonly deleted?: "no" | "yes" | "only";
}

/** By what servers are sorted; a value that is missing counts as the lowest. */
const SORT_KEYS = {
  id: sql`${servers.id}`,
  createdAt: sql`${servers.createdAt}`,
  updatedAt: sql`${servers.updatedAt}`,
  launchedAt: sql`coalesce(${servers.launchedAt}, '-infinity')`,
  terminatedAt: sql`coalesce(${servers.terminatedAt}, '-infinity')`,
  name: sql`${servers.name}`,
  hostname: sql`${servers.hostname}`,
  description: sql`coalesce(${servers.description}, '')`,
  vmState: sql`${servers.vmState}`,
  taskState: sql`coalesce(${servers.taskState}, '')`,
  powerState: sql`${servers.powerState}`,
  projectId: sql`${servers.projectId}`,
  userId: sql`${servers.userId}`,
  flavorId: sql`${servers.flavorId}`,
  imageId: sql`coalesce(${servers.imageId}, '')`,
  keyName: sql`coalesce(${servers.keyName}, '')`,
  host: sql`coalesce(${servers.host}, '')`,
  node: sql`coalesce(${servers.node}, '')`,
  availabilityZone: sql`coalesce(${servers.availabilityZone}, '')`,
  launchIndex: sql`${servers.launchIndex}`,
  reservationId: sql`${servers.reservationId}`,
  locked: sql`${servers.locked}`,
  configDrive: sql`${servers.configDrive}`,
  accessIpV4: sql`coalesce(${servers.accessIpV4}, '')`,
  accessIpV6: sql`coalesce(${servers.accessIpV6}, '')`,
} as const satisfies Record<string, SQL>;

export type ServerSortKey = keyof typeof SORT_KEYS;

export const SERVER_SORT_KEYS = Object.keys(SORT_KEYS) as readonly ServerSortKey[];

export interface ServerSort {
  readonly key: ServerSortKey;
  readonly direction: "asc" | "desc";
}

export interface Page {
  readonly limit: number;
  /** The id of the last server of the page before. */
  readonly marker?: string;
  /** The newest first where nothing is said. */
  readonly sort?: readonly ServerSort[];
}

export type ServerPage = Outcome<
  readonly ServerRecord[],
  { markerNotFound: { marker: string }; badPattern: { reason: string } }
>;

/** One page of servers. */
export async function listServers(database: Queryable, filter: ServerFilter, page: Page): Promise<ServerPage> {
  const sort = completeSort(page.sort ?? []);
  const { marker } = page;
  if (marker !== undefined && !(await markerExists(database, marker, filter)))
    return refused("markerNotFound", { marker });
  try {
    const rows = await database
      .select()
      .from(servers)
      .where(and(...conditions(filter), marker === undefined ? undefined : behind(marker, sort)))
      .orderBy(...sort.map(({ key, direction }) => (direction === "asc" ? asc(SORT_KEYS[key]) : desc(SORT_KEYS[key]))))
      .limit(page.limit);
    return ok(await withFaults(database, rows));
  } catch (error) {
    const reason = badPattern(error);
    if (reason === undefined) throw error;
    return refused("badPattern", { reason });
  }
}

/** How many servers fit. */
export async function countServers(database: Queryable, filter: ServerFilter): Promise<number> {
  return await database.$count(servers, and(...conditions(filter)));
}

/** Every order ends in the ids, so that it is one. */
function completeSort(sort: readonly ServerSort[]): readonly ServerSort[] {
  const wanted: readonly ServerSort[] = sort.length > 0 ? sort : [{ key: "createdAt", direction: "desc" }];
  if (wanted.some(({ key }) => key === "id")) return wanted;
  return [...wanted, { key: "id", direction: wanted.at(-1)?.direction ?? "desc" }];
}

async function markerExists(database: Queryable, marker: string, { projectId }: ServerFilter): Promise<boolean> {
  if (!isUuid(marker)) return false;
  const found = and(eq(servers.id, marker), projectId === undefined ? undefined : eq(servers.projectId, projectId));
  return (await database.$count(servers, found)) > 0;
}

/** The servers that come after the marker. Where all keys run one way, one comparison of rows, which an index serves. */
function behind(marker: string, sort: readonly ServerSort[]): SQL | undefined {
  const ofMarker = (what: SQL) => sql`(select ${what} from ${servers} where ${servers.id} = ${marker})`;
  const [first] = sort;
  if (first && sort.every(({ direction }) => direction === first.direction)) {
    const keys = sql.join(
      sort.map(({ key }) => SORT_KEYS[key]),
      sql`, `,
    );
    return sql`(${keys}) ${sql.raw(first.direction === "asc" ? ">" : "<")} ${ofMarker(keys)}`;
  }
  const alternatives = sort.map(({ key, direction }, index) => {
    const equal = sort
      .slice(0, index)
      .map((before) => sql`${SORT_KEYS[before.key]} = ${ofMarker(SORT_KEYS[before.key])}`);
    return and(
      ...equal,
      sql`${SORT_KEYS[key]} ${sql.raw(direction === "asc" ? ">" : "<")} ${ofMarker(SORT_KEYS[key])}`,
    );
  });
  return or(...alternatives);
}

function conditions(filter: ServerFilter): (SQL | undefined)[] {
  const equal = [
    "projectId",
    "userId",
    "host",
    "node",
    "flavorId",
    "imageId",
    "keyName",
    "availabilityZone",
    "reservationId",
    "configDrive",
    "locked",
  ] as const;
  return [
    ...equal.map((key) => (filter[key] === undefined ? undefined : sql`${servers[key]} = ${filter[key]}`)),
    ...(["name", "hostname", "description"] as const).map((key) =>
      filter[key] === undefined ? undefined : sql`${servers[key]} ~ ${filter[key]}`,
    ),
    filter.ids && inArray(servers.id, filter.ids.filter(isUuid)),
    filter.states && or(sql`false`, ...filter.states.map(stateCondition)),
    filter.taskStates && taskStateIn(filter.taskStates),
    filter.powerStates && inArray(servers.powerState, [...filter.powerStates]),
    filter.ipV4 === undefined ? undefined : addressCondition(4, filter.ipV4),
    filter.ipV6 === undefined ? undefined : addressCondition(6, filter.ipV6),
    filter.metadata && sql`${servers.metadata} @> ${JSON.stringify(filter.metadata)}::jsonb`,
    filter.changedSince === undefined ? undefined : gte(servers.updatedAt, filter.changedSince),
    filter.changedBefore === undefined ? undefined : lte(servers.updatedAt, filter.changedBefore),
    deletedCondition(filter.deleted ?? "no"),
  ];
}

function deletedCondition(deleted: "no" | "yes" | "only"): SQL | undefined {
  if (deleted === "yes") return undefined;
  return deleted === "no" ? isNull(servers.deletedAt) : isNotNull(servers.deletedAt);
}

function stateCondition({ vmState, taskStates, notTaskStates }: StateMatch): SQL | undefined {
  return and(
    eq(servers.vmState, vmState),
    taskStates && taskStateIn(taskStates),
    notTaskStates && sql`not coalesce(${taskStateIn(notTaskStates)}, false)`,
  );
}

function taskStateIn(states: readonly TaskState[]): SQL | undefined {
  const named = states.filter((state) => state !== null);
  return or(
    sql`false`,
    named.length > 0 ? inArray(servers.taskState, named) : undefined,
    states.includes(null) ? isNull(servers.taskState) : undefined,
  );
}

function addressCondition(version: 4 | 6, pattern: string): SQL {
  return sql`exists (
    select from jsonb_array_elements(${servers.networkInfo}) as vif, jsonb_array_elements(vif -> 'addresses') as fixed
    where (fixed ->> 'version')::integer = ${version} and fixed ->> 'address' ~ ${pattern})`;
}

const INVALID_REGULAR_EXPRESSION = "2201B";

function badPattern(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return code === INVALID_REGULAR_EXPRESSION ? String(message) : undefined;
}
