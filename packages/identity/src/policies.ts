import { admin, anyOf, authenticated, type Policies, type PolicyRule, role, self } from "@kilonova/http";

/** Somebody looks at, or changes, himself: the user of the path. */
const theirs: PolicyRule = (context, target) => context.userId !== undefined && context.userId === target["user_id"];

/** The project of the path is the one that the token is for. */
const ownProject: PolicyRule = (context, target) =>
  context.projectId !== undefined && context.projectId === target["project_id"];

const service = role("service");

/** Who may do what, by Keystone's names. */
export const identityPolicies: Policies = {
  "identity:validate_token": anyOf(admin, service, self),
  "identity:check_token": anyOf(admin, service, self),
  "identity:revoke_token": anyOf(admin, service, self),
  "identity:list_users": admin,
  "identity:get_user": anyOf(admin, theirs),
  "identity:create_user": admin,
  "identity:update_user": admin,
  "identity:delete_user": admin,
  "identity:change_password": theirs,
  "identity:list_user_projects": anyOf(admin, theirs),
  "identity:list_projects": admin,
  "identity:get_project": anyOf(admin, ownProject),
  "identity:create_project": admin,
  "identity:update_project": admin,
  "identity:delete_project": admin,
  "identity:list_roles": admin,
  "identity:get_role": admin,
  "identity:create_role": admin,
  "identity:delete_role": admin,
  "identity:create_grant": admin,
  "identity:check_grant": admin,
  "identity:revoke_grant": admin,
  "identity:list_grants": admin,
  "identity:list_role_assignments": admin,
  "identity:list_domains": admin,
  "identity:get_domain": authenticated,
  "identity:list_services": admin,
  "identity:get_service": admin,
  "identity:list_endpoints": admin,
  "identity:get_endpoint": admin,
  "identity:list_regions": authenticated,
  "identity:get_region": authenticated,
};
