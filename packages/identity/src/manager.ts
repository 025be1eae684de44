import { type Identity, identityContract, type Principal } from "@kilonova/contracts";
import { type Database, databaseOf } from "@kilonova/database";
import { type Args, type Handlers, ok, type RequestContext, type Result, refused } from "@kilonova/messaging";
import { CLOCK, type Clock, inject, Manager, manager, options, periodicTask, rpcMethod } from "@kilonova/plugin-api";
import { bootstrapIdentity } from "./bootstrap.js";
import { bootstrapRequestOf } from "./bootstrap-request.js";
import { type IdentityOptions, identityOptions } from "./options.js";
import { type TokenFacts, Tokens } from "./tokens.js";

/** Answers what other services ask of identity. */
@manager(identityContract)
export class IdentityManager extends Manager implements Handlers<Identity> {
  readonly #tokens: Tokens;

  constructor(
    @inject(databaseOf("identity")) private readonly database: Database,
    @inject(CLOCK) clock: Clock,
    @options(identityOptions) private readonly settings: IdentityOptions,
  ) {
    super();
    this.#tokens = new Tokens(database, clock, settings.tokenLifetime);
  }

  /** Makes what the options name and is not there: users of the first start, and the catalog. */
  override async initHost(): Promise<void> {
    await bootstrapIdentity(this.database, bootstrapRequestOf(this.settings));
  }

  @rpcMethod()
  async validateToken(
    _context: RequestContext,
    { token }: Args<Identity, "validateToken">,
  ): Promise<Result<Identity, "validateToken">> {
    const facts = await this.#tokens.validate(token);
    return facts ? ok(principalOf(facts)) : refused("invalidToken", {});
  }

  @periodicTask({ every: "10m", once: "cluster" })
  async forgetExpiredRevocations(): Promise<void> {
    await this.#tokens.forgetExpired();
  }
}

function principalOf({ user, scope, expiresAt }: TokenFacts): Principal {
  return {
    userId: user.id,
    userName: user.name,
    userDomainId: user.domainId,
    ...(scope
      ? { projectId: scope.project.id, projectName: scope.project.name, projectDomainId: scope.project.domainId }
      : {}),
    roles: scope?.roles.map(({ name }) => name) ?? [],
    expiresAt: new Date(expiresAt).toISOString(),
  };
}
