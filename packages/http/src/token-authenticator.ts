import { createHash } from "node:crypto";
import { identityContract, type Principal } from "@kilonova/contracts";
import { RequestContext, type Rpc, type RpcClient } from "@kilonova/messaging";
import { Authenticator, CLOCK, type Clock, inject, type RequestHeaders, RPC } from "@kilonova/plugin-api";

/** Milliseconds that an answer of identity is believed: so long a revoked token may still be good here. */
const BELIEVED_FOR = 5_000;
const MOST_ENTRIES = 4_096;

interface CacheEntry {
  readonly until: number;
  readonly principal: Promise<Principal | "invalid">;
}

/** Authenticates by `X-Auth-Token`, which identity is asked about. The scheme `token` of `api.authSchemes`. */
export class TokenAuthenticator extends Authenticator {
  readonly #identity: RpcClient<typeof identityContract>;
  readonly #cache = new Map<string, CacheEntry>();

  constructor(
    @inject(RPC) rpc: Rpc,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
    this.#identity = rpc.client(identityContract);
  }

  override async authenticate(
    headers: RequestHeaders,
    base: RequestContext,
  ): Promise<RequestContext | "invalid" | undefined> {
    const token = headers["x-auth-token"];
    if (token === undefined) return undefined;
    if (typeof token !== "string" || token.length === 0 || token.length > 4096) return "invalid";
    const principal = await this.#principal(token, base);
    if (principal === "invalid" || Date.parse(principal.expiresAt) <= this.clock.now()) return "invalid";
    return contextOf(principal, token, base);
  }

  /** Who a token speaks for; requests that come with the same token at the same time ask once. */
  #principal(token: string, base: RequestContext): Promise<Principal | "invalid"> {
    // The cache is keyed by a digest, so that no dump of it holds a token.
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#cache.get(key);
    if (known && known.until > this.clock.now()) return known.principal;
    const principal = this.#ask(token, base);
    const entry = { until: this.clock.now() + BELIEVED_FOR, principal };
    this.#cache.delete(key);
    this.#cache.set(key, entry);
    this.#trim();
    const forget = () => {
      if (this.#cache.get(key) === entry) this.#cache.delete(key);
    };
    principal.then((answer) => answer === "invalid" && forget(), forget);
    return principal;
  }

  async #ask(token: string, base: RequestContext): Promise<Principal | "invalid"> {
    const answer = await this.#identity.call.validateToken(base, { token });
    return answer.ok ? answer.value : "invalid";
  }

  /** The oldest go first. */
  #trim(): void {
    for (const key of this.#cache.keys()) {
      if (this.#cache.size <= MOST_ENTRIES) return;
      this.#cache.delete(key);
    }
  }
}

function contextOf(principal: Principal, token: string, base: RequestContext): RequestContext {
  return new RequestContext({
    requestId: base.requestId,
    globalRequestId: base.globalRequestId,
    userId: principal.userId,
    userName: principal.userName,
    userDomainId: principal.userDomainId,
    projectId: principal.projectId,
    projectName: principal.projectName,
    projectDomainId: principal.projectDomainId,
    roles: [...principal.roles],
    isAdmin: principal.roles.includes("admin"),
    token,
  });
}
