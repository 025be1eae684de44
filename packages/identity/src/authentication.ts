import type { Database } from "@kilonova/database";
import { ApiFault } from "@kilonova/http";
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import type { PasswordHasher } from "./password-hasher.js";
import { scopeOf } from "./scope.js";
import { domains, projects, type UserRow, users } from "./tables.js";
import type { TokenFacts, Tokens } from "./tokens.js";

const domain = z.looseObject({ id: z.string().max(64).optional(), name: z.string().max(255).optional() });

/** The body of `POST /auth/tokens`. */
export const authenticationBody = z.looseObject({
  auth: z.looseObject({
    identity: z.looseObject({
      methods: z.array(z.string().max(64)).min(1).max(8),
      password: z
        .looseObject({
          user: z.looseObject({
            id: z.string().max(64).optional(),
            name: z.string().max(255).optional(),
            domain: domain.optional(),
            password: z.string().max(4096),
          }),
        })
        .optional(),
      token: z.looseObject({ id: z.string().max(4096) }).optional(),
    }),
    scope: z
      .union([
        z.literal("unscoped"),
        z.looseObject({
          project: z
            .looseObject({
              id: z.string().max(64).optional(),
              name: z.string().max(255).optional(),
              domain: domain.optional(),
            })
            .optional(),
        }),
      ])
      .optional(),
  }),
});

type Body = z.output<typeof authenticationBody>["auth"];
type ProjectName = NonNullable<Exclude<NonNullable<Body["scope"]>, "unscoped">["project"]>;

/** Finds out who somebody is, and gives him a token. */
export class Authentication {
  constructor(
    private readonly database: Database,
    private readonly tokens: Tokens,
    private readonly hasher: PasswordHasher,
  ) {}

  /** @throws ApiFault 401 for whoever is not who he says, or has no role where he wants to act; without saying which */
  async tokenFor({ identity, scope }: Body): Promise<string> {
    let userId: string | undefined;
    let parent: TokenFacts | undefined;
    let defaultProjectId: string | null = null;
    for (const method of new Set(identity.methods)) {
      if (method !== "password" && method !== "token") throw unauthorized();
      const user: UserRow | undefined = method === "password" ? await this.#byPassword(identity.password) : undefined;
      if (method === "token") parent = await this.tokens.validate(identity.token?.id ?? "");
      const found = method === "password" ? user?.id : parent?.user.id;
      if (found === undefined || (userId !== undefined && userId !== found)) throw unauthorized();
      userId = found;
      defaultProjectId = user?.defaultProjectId ?? defaultProjectId;
    }
    if (userId === undefined) throw unauthorized();
    const projectId = await this.#projectFor(userId, scope, defaultProjectId);
    return await this.tokens.issue({ userId, projectId, methods: identity.methods, ...(parent ? { parent } : {}) });
  }

  async #byPassword(given: Body["identity"]["password"]): Promise<UserRow | undefined> {
    if (!given) throw new ApiFault(400, "Invalid input: the method password needs auth/identity/password.");
    const { id, name, domain: inDomain, password } = given.user;
    const user = id !== undefined ? await this.#userBy(eq(users.id, id)) : await this.#userNamed(name, inDomain);
    const isRight = await this.hasher.verify(password, user?.passwordHash ?? undefined);
    return isRight ? user : undefined;
  }

  async #userNamed(
    name: string | undefined,
    inDomain: z.output<typeof domain> | undefined,
  ): Promise<UserRow | undefined> {
    const where = domainIs(inDomain);
    if (name === undefined || !where)
      throw new ApiFault(400, "Invalid input: a user is named by id, or by name and domain.");
    return await this.#userBy(and(eq(users.name, name), where));
  }

  async #userBy(condition: ReturnType<typeof and>): Promise<UserRow | undefined> {
    const [found] = await this.database
      .select({ user: users })
      .from(users)
      .innerJoin(domains, eq(domains.id, users.domainId))
      .where(and(condition, users.enabled, domains.enabled));
    return found?.user;
  }

  async #projectFor(
    userId: string,
    scope: Body["scope"],
    defaultProjectId: string | null,
  ): Promise<string | undefined> {
    if (scope === "unscoped") return undefined;
    if (scope === undefined) {
      // As a convenience only: one who has no role in his default project gets a token all the same.
      const usable = defaultProjectId !== null && (await scopeOf(this.database, userId, defaultProjectId));
      return usable ? usable.project.id : undefined;
    }
    // Roles are given in projects alone, so nobody has one in a domain or in the system.
    if (!scope.project) throw unauthorized();
    const found = await this.#projectId(scope.project);
    if (found === undefined || !(await scopeOf(this.database, userId, found))) throw unauthorized();
    return found;
  }

  async #projectId({ id, name, domain: inDomain }: ProjectName): Promise<string | undefined> {
    if (id !== undefined) return id;
    const where = domainIs(inDomain);
    if (name === undefined || !where)
      throw new ApiFault(400, "Invalid input: a project is named by id, or by name and domain.");
    const [found] = await this.database
      .select({ id: projects.id })
      .from(projects)
      .innerJoin(domains, eq(domains.id, projects.domainId))
      .where(and(eq(projects.name, name), where));
    return found?.id;
  }
}

function domainIs(named: z.output<typeof domain> | undefined) {
  if (named?.id !== undefined) return eq(domains.id, named.id);
  return named?.name === undefined ? undefined : eq(domains.name, named.name);
}

function unauthorized(): ApiFault {
  return new ApiFault(401, "The request you have made requires authentication.");
}
