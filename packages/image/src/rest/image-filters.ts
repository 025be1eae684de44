import { fault } from "@kilonova/http";
import type { RequestContext } from "@kilonova/messaging";
import { and, arrayContains, eq, gte, inArray, lte, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { images } from "../tables.js";
import { listed } from "../visibility.js";
import { storableText } from "./attributes.js";

const TEXTS: Readonly<Record<string, PgColumn>> = {
  id: images.id,
  name: images.name,
  status: images.status,
  owner: images.ownerId,
  checksum: images.checksum,
  os_hash_value: images.sha512,
  disk_format: images.diskFormat,
  container_format: images.containerFormat,
};
const AMOUNTS: Readonly<Record<string, PgColumn>> = { min_disk: images.minDisk, min_ram: images.minRam };
const INSTANTS: Readonly<Record<string, PgColumn>> = { created_at: images.createdAt, updated_at: images.updatedAt };
const COMPARISONS: Readonly<Record<string, string>> = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=", neq: "<>" };
const VISIBILITIES = ["public", "private", "shared", "community"] as const;

/** What stands in the query of a list and is read elsewhere, or changes nothing here. */
const OTHERS: ReadonlySet<string> = new Set([
  "limit",
  "marker",
  "sort",
  "sort_key",
  "sort_dir",
  "member_status",
  "visibility",
  "os_hidden",
]);

/** The images that a list is asked for. @throws ApiFault 400 */
export function conditionOf(context: RequestContext, query: Readonly<Record<string, unknown>>): SQL | undefined {
  const hidden = lastOf(query["os_hidden"]);
  const conditions = [
    visibilityOf(context, lastOf(query["visibility"]), query["id"] !== undefined),
    eq(images.isHidden, hidden === undefined ? false : flag("os_hidden", hidden)),
  ];
  for (const [name, given] of Object.entries(query)) {
    if (OTHERS.has(name)) continue;
    for (const value of valuesOf(given)) conditions.push(conditionOn(name, storable(name, value)));
  }
  return and(...conditions);
}

/** Without a wish, community images are there for those who name their id. */
function visibilityOf(context: RequestContext, visibility: string | undefined, byId: boolean): SQL | undefined {
  if (visibility === undefined || visibility === "all") return listed(context, byId || visibility === "all");
  const wanted = VISIBILITIES.find((one) => one === visibility);
  if (!wanted) throw fault(400, `Invalid visibility value: expected all, ${VISIBILITIES.join(", ")}.`);
  return and(listed(context, wanted === "community"), eq(images.visibility, wanted));
}

function conditionOn(name: string, value: string): SQL | undefined {
  const text = ownOf(TEXTS, name);
  if (text) return value.startsWith("in:") ? inArray(text, listOf(value.slice(3))) : eq(text, value);
  const instant = ownOf(INSTANTS, name);
  if (instant) return instantOn(instant, name, value);
  const counted = ownOf(AMOUNTS, name);
  if (counted) return eq(counted, amount(name, value));
  if (name === "protected") return eq(images.isProtected, flag(name, value));
  if (name === "size_min") return gte(images.size, amount(name, value));
  if (name === "size_max") return lte(images.size, amount(name, value));
  if (name === "tag") return arrayContains(images.tags, [value]);
  return sql`${images.properties} @> ${JSON.stringify({ [name]: value })}::jsonb`;
}

/** `gte:2030-01-01T00:00:00Z`; an instant alone is meant exactly. Users see whole seconds, so those are compared. */
function instantOn(column: PgColumn, name: string, value: string): SQL {
  const [, comparison = "eq", text = ""] = /^(?:([a-z]+):)?(\d{4}-\d\d-\d\d.*)$/.exec(value) ?? [];
  const operator = ownOf(COMPARISONS, comparison);
  const hasZone = !text.includes("T") || /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  const time = Date.parse(hasZone ? text : `${text}Z`);
  if (operator === undefined || Number.isNaN(time)) throw fault(400, `Invalid value of filter ${name}.`);
  return sql`date_trunc('second', ${column}) ${sql.raw(operator)} ${new Date(time).toISOString()}::timestamptz`;
}

/** `a,"b,c"` */
function listOf(text: string): string[] {
  const parts = text.match(/"[^"]*"|[^,"]+/g) ?? [];
  return parts.map((part) => part.replace(/^"(.*)"$/, "$1"));
}

function flag(name: string, value: string): boolean {
  if (/^(?:true|1|yes|on|t|y)$/i.test(value)) return true;
  if (/^(?:false|0|no|off|f|n)$/i.test(value)) return false;
  throw fault(400, `Invalid value of filter ${name}: expected true or false.`);
}

function amount(name: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw fault(400, `Invalid value of filter ${name}: expected a whole number that is not negative.`);
}

function storable(name: string, value: string): string {
  if (storableText.safeParse(value).success && storableText.safeParse(name).success) return value;
  throw fault(400, "A filter has control characters in it.");
}

function lastOf(given: unknown): string | undefined {
  return valuesOf(given).at(-1);
}

function valuesOf(given: unknown): readonly string[] {
  if (given === undefined) return [];
  return (Array.isArray(given) ? given : [given]).map(String);
}

function ownOf<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
