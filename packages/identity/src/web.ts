import { type Database, databaseOf } from "@kilonova/database";
import { identityDiscovery, identityFaults, type WebService, type WebServiceFactory } from "@kilonova/http";
import { CLOCK, type Clock, inject, options } from "@kilonova/plugin-api";
import { Authentication } from "./authentication.js";
import { type IdentityOptions, identityOptions } from "./options.js";
import { OwnTokenAuthenticator } from "./own-token-authenticator.js";
import { PasswordHasher } from "./password-hasher.js";
import { identityPolicies } from "./policies.js";
import { AuthController } from "./rest/auth.js";
import { CatalogController } from "./rest/catalog.js";
import { DomainsController } from "./rest/domains.js";
import { ProjectsController } from "./rest/projects.js";
import { RoleAssignmentsController } from "./rest/role-assignments.js";
import { RolesController } from "./rest/roles.js";
import { UsersController } from "./rest/users.js";
import { Tokens } from "./tokens.js";

/** The Identity API, version 3. */
export class IdentityWeb implements WebServiceFactory {
  constructor(
    @inject(databaseOf("identity")) private readonly database: Database,
    @inject(CLOCK) private readonly clock: Clock,
    @options(identityOptions) private readonly settings: IdentityOptions,
  ) {}

  webService(): WebService {
    const hasher = new PasswordHasher();
    const tokens = new Tokens(this.database, this.clock, this.settings.tokenLifetime);
    return {
      name: "identity",
      root: "/identity/v3",
      controllers: [
        new AuthController(this.database, tokens, new Authentication(this.database, tokens, hasher)),
        new UsersController(this.database, hasher, this.clock),
        new ProjectsController(this.database),
        new RolesController(this.database),
        new RoleAssignmentsController(this.database),
        new DomainsController(this.database),
        new CatalogController(this.database),
      ],
      faultStyle: identityFaults,
      authenticators: [new OwnTokenAuthenticator(tokens)],
      policies: identityPolicies,
      discovery: identityDiscovery({ id: "v3.14", updated: "2020-04-07T00:00:00Z" }),
    };
  }
}
