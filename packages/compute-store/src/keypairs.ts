import type { Queryable } from "@kilonova/database";
import { and, asc, eq, gt } from "drizzle-orm";
import { keypairs } from "./tables/index.js";

export type Keypair = Readonly<typeof keypairs.$inferSelect>;
export type NewKeypair = Omit<Keypair, "createdAt">;

/** Undefined where the user has one of that name. */
export async function createKeypair(database: Queryable, keypair: NewKeypair): Promise<Keypair | undefined> {
  const [made] = await database.insert(keypairs).values(keypair).onConflictDoNothing().returning();
  return made;
}

export async function findKeypair(database: Queryable, userId: string, name: string): Promise<Keypair | undefined> {
  const [found] = await database.select().from(keypairs).where(isKeypair(userId, name));
  return found;
}

/** One page of a user's keypairs by name, after a name where one is given. */
export async function listKeypairs(
  database: Queryable,
  userId: string,
  page: { readonly limit: number; readonly marker?: string },
): Promise<Keypair[]> {
  return await database
    .select()
    .from(keypairs)
    .where(and(eq(keypairs.userId, userId), page.marker === undefined ? undefined : gt(keypairs.name, page.marker)))
    .orderBy(asc(keypairs.name))
    .limit(page.limit);
}

export async function countKeypairs(database: Queryable, userId: string): Promise<number> {
  return await database.$count(keypairs, eq(keypairs.userId, userId));
}

/** False where there was none. Servers keep the key they were made with. */
export async function deleteKeypair(database: Queryable, userId: string, name: string): Promise<boolean> {
  const { rowCount } = await database.delete(keypairs).where(isKeypair(userId, name));
  return rowCount === 1;
}

function isKeypair(userId: string, name: string) {
  return and(eq(keypairs.userId, userId), eq(keypairs.name, name));
}
