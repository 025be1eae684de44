import { type PolicyRule } from "@kilonova/http";
import { RequestContext } from "@kilonova/messaging";
import { Authenticator, type RequestHeaders } from "@kilonova/plugin-api";
import type { Tickets } from "./tickets.js";

const BEARER = /^Bearer +(\S{1,512})$/i;

/**
 * Authenticates by `Authorization: Bearer TICKET`. The context is nobody's: it has no user and no project, and one role,
 * which {@link ticketHolder} knows. So every other rule refuses it.
 */
export class TicketAuthenticator extends Authenticator {
  constructor(private readonly tickets: Tickets) {
    super();
  }

  override async authenticate(
    headers: RequestHeaders,
    base: RequestContext,
  ): Promise<RequestContext | "invalid" | undefined> {
    const header = headers["authorization"];
    if (header === undefined) return undefined;
    const [, ticket] = (typeof header === "string" && BEARER.exec(header)) || [];
    const imageId = ticket === undefined ? undefined : await this.tickets.imageIdOf(ticket);
    if (imageId === undefined) return "invalid";
    return new RequestContext({
      requestId: base.requestId,
      globalRequestId: base.globalRequestId,
      roles: [roleOf(imageId)],
    });
  }
}

/** Whoever holds a ticket for the image in the path. */
export const ticketHolder: PolicyRule = (context, target) =>
  context.userId === undefined &&
  typeof target["image_id"] === "string" &&
  context.roles.includes(roleOf(target["image_id"]));

function roleOf(imageId: string): string {
  return `image-ticket:${imageId}`;
}
