import type { ServerGroupRecord } from "@kilonova/compute-store";

/** `GET /os-server-groups/{id}`, and one of `GET /os-server-groups`. */
export function serverGroupView(group: ServerGroupRecord, minor: number) {
  const { id, name, policy, rules, members, projectId, userId } = group;
  return {
    id,
    name,
    // Metadata were announced and never came.
    ...(minor >= 64 ? { policy, rules } : { policies: [policy], metadata: {} }),
    members,
    ...(minor >= 13 ? { project_id: projectId, user_id: userId } : undefined),
  };
}
