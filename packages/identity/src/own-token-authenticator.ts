import { RequestContext } from "@kilonova/messaging";
import { Authenticator, type RequestHeaders } from "@kilonova/plugin-api";
import type { Tokens } from "./tokens.js";

/** Authenticates requests to identity itself, which knows its tokens without a call. */
export class OwnTokenAuthenticator extends Authenticator {
  constructor(private readonly tokens: Tokens) {
    super();
  }

  override async authenticate(
    headers: RequestHeaders,
    base: RequestContext,
  ): Promise<RequestContext | "invalid" | undefined> {
    const token = headers["x-auth-token"];
    if (token === undefined) return undefined;
    if (typeof token !== "string" || token.length > 4096) return "invalid";
    const facts = await this.tokens.validate(token);
    if (!facts) return "invalid";
    const { user, scope } = facts;
    const roles = scope?.roles.map(({ name }) => name) ?? [];
    return new RequestContext({
      ...base.fields(),
      userId: user.id,
      userName: user.name,
      userDomainId: user.domainId,
      ...(scope
        ? { projectId: scope.project.id, projectName: scope.project.name, projectDomainId: scope.project.domainId }
        : {}),
      roles,
      isAdmin: roles.includes("admin"),
      token,
    });
  }
}
