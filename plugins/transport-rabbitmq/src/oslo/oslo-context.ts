import { randomUUID } from "node:crypto";
import type { RequestEnvelope } from "@kilonova/messaging";
import { z } from "zod";

type ContextFields = RequestEnvelope["context"];

/** What oslo.context calls the fields of a request's context; in a message each has `_context_` before it. */
const NAMES = {
  requestId: "request_id",
  globalRequestId: "global_request_id",
  userId: "user_id",
  userName: "user_name",
  userDomainId: "user_domain_id",
  projectId: "project_id",
  projectName: "project_name",
  projectDomainId: "project_domain_id",
  roles: "roles",
  isAdmin: "is_admin",
  readDeleted: "read_deleted",
  token: "auth_token",
} as const satisfies Record<keyof ContextFields, string>;

const PREFIX = "_context_";
const text = z.string().max(255).nullish();

/** Of a context from elsewhere: those of its fields that mean something here. What else it has is let be. */
export const osloContextSchema = z.object({
  _context_request_id: text,
  _context_global_request_id: text,
  _context_user_id: text,
  _context_user_name: text,
  _context_user_domain_id: text,
  /** Its name until oslo.context 4. */
  _context_user_domain: text,
  _context_project_id: text,
  _context_project_name: text,
  _context_project_domain_id: text,
  _context_project_domain: text,
  _context_roles: z.array(z.string().max(255)).max(1_000).nullish(),
  _context_is_admin: z.boolean().nullish(),
  _context_read_deleted: z.enum(["no", "yes", "only"]).nullish(),
  _context_auth_token: z.string().max(16_384).nullish(),
});

export function toOsloContext(fields: ContextFields): Readonly<Record<string, unknown>> {
  return {
    ...Object.fromEntries(
      Object.entries(NAMES).map(([ours, theirs]) => [PREFIX + theirs, fields[ours as keyof ContextFields] ?? null]),
    ),
    _context_user_domain: fields.userDomainId ?? null,
    _context_project_domain: fields.projectDomainId ?? null,
  };
}

/** @param withToken only calls carry the user's token */
export function fromOsloContext(fields: z.output<typeof osloContextSchema>, withToken: boolean): ContextFields {
  const known = {
    requestId: fields._context_request_id ?? `req-${randomUUID()}`,
    globalRequestId: fields._context_global_request_id,
    userId: fields._context_user_id,
    userName: fields._context_user_name,
    userDomainId: fields._context_user_domain_id ?? fields._context_user_domain,
    projectId: fields._context_project_id,
    projectName: fields._context_project_name,
    projectDomainId: fields._context_project_domain_id ?? fields._context_project_domain,
    token: withToken ? fields._context_auth_token : undefined,
  };
  return {
    ...withoutNulls(known),
    requestId: known.requestId,
    roles: fields._context_roles ?? [],
    isAdmin: fields._context_is_admin ?? false,
    readDeleted: fields._context_read_deleted ?? "no",
  };
}

function withoutNulls<Fields extends Readonly<Record<string, string | null | undefined>>>(fields: Fields) {
  const given = Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === "string");
  return Object.fromEntries(given);
}
