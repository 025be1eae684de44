import type { Links } from "@kilonova/http";
import { z } from "zod";
import type { CatalogEntry } from "../catalog.js";
import type { DomainRow, ProjectRow, RoleRow, UserRow } from "../tables.js";
import type { TokenFacts } from "../tokens.js";

const self = z.object({ self: z.string() });
const reference = z.object({ id: z.string(), name: z.string() });
const inDomain = z.object({ ...reference.shape, domain: reference });

export const userView = z.object({
  id: z.string(),
  name: z.string(),
  domain_id: z.string(),
  enabled: z.boolean(),
  description: z.string(),
  email: z.string().optional(),
  default_project_id: z.string().optional(),
  password_expires_at: z.null(),
  options: z.object({}),
  links: self,
});

export const projectView = z.object({
  id: z.string(),
  name: z.string(),
  domain_id: z.string(),
  parent_id: z.string(),
  is_domain: z.boolean(),
  enabled: z.boolean(),
  description: z.string(),
  tags: z.array(z.string()),
  options: z.object({}),
  links: self,
});

export const roleView = z.object({
  id: z.string(),
  name: z.string(),
  domain_id: z.null(),
  description: z.string(),
  options: z.object({}),
  links: self,
});

export const domainView = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  description: z.string(),
  tags: z.array(z.string()),
  options: z.object({}),
  links: self,
});

export const catalogView = z.array(
  z.object({
    id: z.string(),
    type: z.string(),
    name: z.string(),
    endpoints: z.array(
      z.object({ id: z.string(), interface: z.string(), region_id: z.string(), region: z.string(), url: z.string() }),
    ),
  }),
);

export const tokenView = z.object({
  methods: z.array(z.string()),
  user: z.object({ ...inDomain.shape, password_expires_at: z.null() }),
  audit_ids: z.array(z.string()),
  issued_at: z.string(),
  expires_at: z.string(),
  project: inDomain.optional(),
  is_domain: z.boolean().optional(),
  roles: z.array(reference).optional(),
  catalog: catalogView.optional(),
});

const listLinks = z.object({ self: z.string(), next: z.null(), previous: z.null() });

/** The reply of a list: `{ users: […], links }`. */
export function listView<Name extends string, View extends z.ZodType>(name: Name, view: View) {
  return z.object({ [name]: z.array(view), links: listLinks } as { readonly [Key in Name]: z.ZodArray<View> } & {
    readonly links: typeof listLinks;
  });
}

export function linksOfList(links: Links, path: string): z.output<typeof listLinks> {
  return { self: links.to(path), next: null, previous: null };
}

export function viewUser(user: UserRow, links: Links): z.output<typeof userView> {
  return {
    id: user.id,
    name: user.name,
    domain_id: user.domainId,
    enabled: user.enabled,
    description: user.description,
    ...(user.email === null ? {} : { email: user.email }),
    ...(user.defaultProjectId === null ? {} : { default_project_id: user.defaultProjectId }),
    password_expires_at: null,
    options: {},
    links: { self: links.to(`/users/${user.id}`) },
  };
}

export function viewProject(project: ProjectRow, links: Links): z.output<typeof projectView> {
  return {
    id: project.id,
    name: project.name,
    domain_id: project.domainId,
    parent_id: project.domainId,
    is_domain: false,
    enabled: project.enabled,
    description: project.description,
    tags: [],
    options: {},
    links: { self: links.to(`/projects/${project.id}`) },
  };
}

export function viewRole(role: RoleRow, links: Links): z.output<typeof roleView> {
  const { id, name, description } = role;
  return { id, name, domain_id: null, description, options: {}, links: { self: links.to(`/roles/${id}`) } };
}

export function viewDomain(domain: DomainRow, links: Links): z.output<typeof domainView> {
  const { id, name, enabled, description } = domain;
  return { id, name, enabled, description, tags: [], options: {}, links: { self: links.to(`/domains/${id}`) } };
}

export function viewToken(facts: TokenFacts, catalog: readonly CatalogEntry[] | undefined): z.output<typeof tokenView> {
  const { user, domainName, scope } = facts;
  return {
    methods: [...facts.methods],
    user: { id: user.id, name: user.name, domain: { id: user.domainId, name: domainName }, password_expires_at: null },
    audit_ids: [...facts.auditIds],
    issued_at: instantOf(facts.issuedAt),
    expires_at: instantOf(facts.expiresAt),
    ...(scope
      ? {
          project: {
            id: scope.project.id,
            name: scope.project.name,
            domain: { id: scope.project.domainId, name: scope.domainName },
          },
          is_domain: false,
          roles: scope.roles.map(({ id, name }) => ({ id, name })),
        }
      : {}),
    ...(scope && catalog ? { catalog: catalogOf(catalog) } : {}),
  };
}

export function catalogOf(catalog: readonly CatalogEntry[]): z.output<typeof catalogView> {
  return catalog.map((entry) => ({ ...entry, endpoints: entry.endpoints.map((one) => ({ ...one })) }));
}

/** An instant with microseconds, as OpenStack's identity writes them. */
function instantOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000Z");
}
