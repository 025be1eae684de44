import { randomUUID } from "node:crypto";
import type { Database, Queryable } from "@kilonova/database";
import { and, eq } from "drizzle-orm";
import { PasswordHasher } from "./password-hasher.js";
import {
  domains,
  type EndpointInterface,
  endpoints,
  projects,
  regions,
  roleAssignments,
  roles,
  services,
  users,
} from "./tables.js";

/** A user who is to be there, with a project of his own. */
export interface BootstrapUser {
  readonly name: string;
  readonly password: string;
  readonly projectName: string;
  readonly roles: readonly string[];
}

/** A service that is to be in the catalog, at one address for all interfaces. */
export interface BootstrapEndpoint {
  /** `compute` */
  readonly type: string;
  /** `nova` */
  readonly name: string;
  readonly url: string;
}

export interface BootstrapRequest {
  readonly users: readonly BootstrapUser[];
  readonly region: string;
  readonly endpoints: readonly BootstrapEndpoint[];
}

/** The domain that everything is in. */
export const DEFAULT_DOMAIN = { id: "default", name: "Default", description: "The default domain" } as const;

const ROLES = ["admin", "member", "reader", "service"] as const;
const INTERFACES: readonly EndpointInterface[] = ["public", "internal", "admin"];

/**
 * Makes what a cloud needs before anybody can log in: the domain, the roles, these users and projects, the catalog. One
 * transaction; safe to repeat, and to run twice at the same time: what is there stays, but addresses become the given ones.
 * The password of a user who is there is left alone.
 */
export async function bootstrapIdentity(database: Database, request: BootstrapRequest): Promise<void> {
  const hasher = new PasswordHasher();
  const hashed = await Promise.all(
    request.users.map(async (user) => ({
      ...user,
      hash: (await isThere(database, user.name)) ? null : await hasher.hash(user.password),
    })),
  );
  await database.transaction(async (transaction) => {
    await transaction.insert(domains).values(DEFAULT_DOMAIN).onConflictDoNothing();
    await transaction
      .insert(roles)
      .values(ROLES.map((name) => ({ id: newId(), name })))
      .onConflictDoNothing();
    for (const user of hashed) await ensureUser(transaction, user, user.hash);
    await ensureCatalog(transaction, request);
  });
}

async function isThere(database: Database, name: string): Promise<boolean> {
  const found = await database
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.name, name), eq(users.domainId, DEFAULT_DOMAIN.id)));
  return found.length > 0;
}

async function ensureUser(transaction: Queryable, user: BootstrapUser, passwordHash: string | null): Promise<void> {
  const domainId = DEFAULT_DOMAIN.id;
  await transaction.insert(projects).values({ id: newId(), domainId, name: user.projectName }).onConflictDoNothing();
  const [project] = await transaction
    .select({ id: projects.id })
    .from(projects)
    .where(and(eq(projects.domainId, domainId), eq(projects.name, user.projectName)));
  if (!project) return;
  await transaction
    .insert(users)
    .values({ id: newId(), domainId, name: user.name, passwordHash, defaultProjectId: project.id })
    .onConflictDoNothing();
  const [row] = await transaction
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.domainId, domainId), eq(users.name, user.name)));
  for (const name of user.roles) {
    const [role] = await transaction.select({ id: roles.id }).from(roles).where(eq(roles.name, name));
    if (!row || !role)
      throw new TypeError(`bootstrap: user ${user.name} is to have the role ${name}, which there is not`);
    await transaction
      .insert(roleAssignments)
      .values({ userId: row.id, projectId: project.id, roleId: role.id })
      .onConflictDoNothing();
  }
}

async function ensureCatalog(transaction: Queryable, request: BootstrapRequest): Promise<void> {
  await transaction.insert(regions).values({ id: request.region }).onConflictDoNothing();
  for (const { type, name, url } of request.endpoints) {
    await transaction.insert(services).values({ id: newId(), type, name }).onConflictDoNothing();
    const [service] = await transaction.select({ id: services.id }).from(services).where(eq(services.type, type));
    if (!service) continue;
    await transaction
      .insert(endpoints)
      .values(
        INTERFACES.map((each) => ({
          id: newId(),
          serviceId: service.id,
          regionId: request.region,
          interface: each,
          url,
        })),
      )
      .onConflictDoUpdate({ target: [endpoints.serviceId, endpoints.regionId, endpoints.interface], set: { url } });
  }
}

/** An id as OpenStack's identity makes them: a UUID without dashes. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}
