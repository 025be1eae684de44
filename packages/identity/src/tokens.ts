import { randomBytes } from "node:crypto";
import { type Database, StoredKeys } from "@kilonova/database";
import type { Clock } from "@kilonova/plugin-api";
import { and, eq, lt, sql } from "drizzle-orm";
import { z } from "zod";
import { FERNET_KEY_BYTES, openFernet, sealFernet } from "./fernet.js";
import { type Scope, scopeOf } from "./scope.js";
import { domains, revokedTokens, tokenKeys, type UserRow, users } from "./tables.js";

/** What a token says, encrypted. Short names: it travels in a header of every request. */
const claimsSchema = z.object({
  /** User id. */
  u: z.string(),
  /** Project id. */
  p: z.string().optional(),
  /** Methods. */
  m: z.array(z.string()),
  /** Audit ids, the own one first. */
  a: z.array(z.string()).min(1),
  /** Issued and expires, milliseconds since 1970. */
  i: z.number(),
  e: z.number(),
});

/** A token that is good, and who it speaks for. */
export interface TokenFacts {
  readonly user: UserRow;
  readonly domainName: string;
  readonly scope: Scope | undefined;
  readonly methods: readonly string[];
  readonly auditIds: readonly string[];
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** What a new token is to say. */
export interface TokenRequest {
  readonly userId: string;
  readonly projectId: string | undefined;
  readonly methods: readonly string[];
  /** The token it is made from: it ends no later. */
  readonly parent?: TokenFacts;
}

/** Makes, reads and revokes tokens. A token is no row: what it says is in it, whether it still holds is looked up. */
export class Tokens {
  readonly #keys: StoredKeys;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    /** Milliseconds */
    private readonly lifetime: number,
  ) {
    this.#keys = new StoredKeys(database, tokenKeys, FERNET_KEY_BYTES);
  }

  async issue({ userId, projectId, methods, parent }: TokenRequest): Promise<string> {
    const now = this.clock.now();
    const auditId = randomBytes(16).toString("base64url");
    const first = parent?.auditIds.at(-1);
    const claims: z.output<typeof claimsSchema> = {
      u: userId,
      ...(projectId === undefined ? {} : { p: projectId }),
      m: [...new Set([...methods, ...(parent?.methods ?? [])])],
      a: first === undefined ? [auditId] : [auditId, first],
      i: now,
      e: parent?.expiresAt ?? now + this.lifetime,
    };
    const [key] = await this.#keys.all();
    if (!key) throw new TypeError("there is no key for tokens");
    return sealFernet(key, Buffer.from(JSON.stringify(claims)), Math.floor(now / 1_000));
  }

  /** Who a token speaks for; undefined for one that is no good, for whatever reason. */
  async validate(token: string): Promise<TokenFacts | undefined> {
    const claims = await this.#claims(token);
    if (!claims || claims.e <= this.clock.now()) return undefined;
    const [owner, scope] = await Promise.all([
      this.#owner(claims.u, claims.a[0] ?? ""),
      claims.p === undefined ? undefined : scopeOf(this.database, claims.u, claims.p),
    ]);
    if (!owner || owner.revoked || Date.parse(owner.user.tokensValidFrom) > claims.i) return undefined;
    if (claims.p !== undefined && !scope) return undefined;
    const { user, domainName } = owner;
    return { user, domainName, scope, methods: claims.m, auditIds: claims.a, issuedAt: claims.i, expiresAt: claims.e };
  }

  async revoke(facts: TokenFacts): Promise<void> {
    const [auditId = ""] = facts.auditIds;
    const expiresAt = new Date(facts.expiresAt).toISOString();
    await this.database.insert(revokedTokens).values({ auditId, expiresAt }).onConflictDoNothing();
  }

  /** Forgets revocations of tokens that have run out since. */
  async forgetExpired(): Promise<void> {
    const now = new Date(this.clock.now()).toISOString();
    await this.database.delete(revokedTokens).where(lt(revokedTokens.expiresAt, now));
  }

  async #claims(token: string): Promise<z.output<typeof claimsSchema> | undefined> {
    for (const key of await this.#keys.all()) {
      const opened = openFernet(key, token);
      if (opened) return claimsSchema.safeParse(JSON.parse(opened.message.toString())).data;
    }
    return undefined;
  }

  async #owner(userId: string, auditId: string) {
    const [found] = await this.database
      .select({
        user: users,
        domainName: domains.name,
        revoked: sql<boolean>`exists (select from ${revokedTokens} where ${revokedTokens.auditId} = ${auditId})`,
      })
      .from(users)
      .innerJoin(domains, eq(domains.id, users.domainId))
      .where(and(eq(users.id, userId), users.enabled, domains.enabled));
    return found;
  }
}
