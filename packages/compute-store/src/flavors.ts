import type { Flavor } from "@kilonova/contracts";
import type { Queryable } from "@kilonova/database";
import { type Outcome, ok, refused } from "@kilonova/messaging";
import { and, asc, eq, or, type SQL, sql } from "drizzle-orm";
import type { FlavorRow } from "./rows.js";
import { flavorAccess, flavors } from "./tables/index.js";
import { now } from "./time.js";

/** A flavor with all that the Compute API shows of it. */
export interface FlavorRecord extends Flavor {
  readonly description: string | null;
  readonly rxtxFactor: number;
  readonly isPublic: boolean;
  readonly disabled: boolean;
}

export type NewFlavor = Omit<FlavorRecord, "disabled">;

/** Which flavors are seen: all of them, or those that are public or open to a project. */
export type FlavorView = "all" | { readonly projectId: string };

/** Makes a flavor. Neither its id nor its name may be another's. */
export async function createFlavor(
  database: Queryable,
  flavor: NewFlavor,
): Promise<Outcome<FlavorRecord, { idTaken: { id: string }; nameTaken: { name: string } }>> {
  const { id, name, extraSpecs, ...rest } = flavor;
  const [made] = await database
    .insert(flavors)
    .values({ id, name, extraSpecs: { ...extraSpecs }, ...rest })
    .onConflictDoNothing()
    .returning();
  if (made) return ok(toFlavor(made));
  const taken = await database.$count(flavors, eq(flavors.name, name));
  return taken > 0 ? refused("nameTaken", { name }) : refused("idTaken", { id });
}

/** By name and id, as the API lists them. */
export async function listFlavors(database: Queryable, view: FlavorView): Promise<FlavorRecord[]> {
  const rows = await database.select().from(flavors).where(visible(view)).orderBy(asc(flavors.id));
  return rows.map(toFlavor);
}

export async function findFlavor(database: Queryable, id: string, view: FlavorView): Promise<FlavorRecord | undefined> {
  const [row] = await database
    .select()
    .from(flavors)
    .where(and(eq(flavors.id, id), visible(view)));
  return row && toFlavor(row);
}

/** Undefined where there is no such flavor. */
export async function describeFlavor(
  database: Queryable,
  id: string,
  description: string | null,
): Promise<FlavorRecord | undefined> {
  const [row] = await database
    .update(flavors)
    .set({ description, updatedAt: now })
    .where(eq(flavors.id, id))
    .returning();
  return row && toFlavor(row);
}

/** False where there was none. Servers keep what they were made with. */
export async function deleteFlavor(database: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await database.delete(flavors).where(eq(flavors.id, id));
  return rowCount === 1;
}

/** Sets some extra specs, the others stay. Undefined where there is no such flavor. */
export async function setExtraSpecs(
  database: Queryable,
  id: string,
  specs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>> | undefined> {
  return await changeExtraSpecs(database, id, sql`${flavors.extraSpecs} || ${JSON.stringify(specs)}::jsonb`);
}

/** Undefined where there is no such flavor. */
export async function deleteExtraSpec(
  database: Queryable,
  id: string,
  key: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  return await changeExtraSpecs(database, id, sql`${flavors.extraSpecs} - ${key}::text`);
}

async function changeExtraSpecs(database: Queryable, id: string, extraSpecs: SQL) {
  const [row] = await database
    .update(flavors)
    .set({ extraSpecs, updatedAt: now })
    .where(eq(flavors.id, id))
    .returning();
  return row?.extraSpecs;
}

/** The projects that may use a flavor that is not public. */
export async function flavorProjects(database: Queryable, flavorId: string): Promise<string[]> {
  const rows = await database
    .select()
    .from(flavorAccess)
    .where(eq(flavorAccess.flavorId, flavorId))
    .orderBy(asc(flavorAccess.projectId));
  return rows.map(({ projectId }) => projectId);
}

/** False where the project had access already. */
export async function addFlavorAccess(database: Queryable, flavorId: string, projectId: string): Promise<boolean> {
  const { rowCount } = await database.insert(flavorAccess).values({ flavorId, projectId }).onConflictDoNothing();
  return rowCount === 1;
}

/** False where the project had none. */
export async function removeFlavorAccess(database: Queryable, flavorId: string, projectId: string): Promise<boolean> {
  const { rowCount } = await database
    .delete(flavorAccess)
    .where(and(eq(flavorAccess.flavorId, flavorId), eq(flavorAccess.projectId, projectId)));
  return rowCount === 1;
}

function visible(view: FlavorView): SQL | undefined {
  if (view === "all") return undefined;
  const open = sql`exists (select from ${flavorAccess}
    where ${flavorAccess.flavorId} = ${flavors.id} and ${flavorAccess.projectId} = ${view.projectId})`;
  return and(eq(flavors.disabled, false), or(eq(flavors.isPublic, true), open));
}

function toFlavor({ createdAt: _created, updatedAt: _updated, ...flavor }: FlavorRow): FlavorRecord {
  return flavor;
}
