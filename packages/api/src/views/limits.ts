import type { QuotaLimits } from "../quotas/quota-resources.js";
import type { QuotaUsage } from "./quota-sets.js";

/** `GET /limits`: what a project may have in all, and what it has. */
export function limitsView(limits: QuotaLimits, usage: QuotaUsage, minor: number) {
  return {
    limits: {
      rate: [],
      absolute: {
        maxTotalInstances: limits.instances,
        maxTotalCores: limits.cores,
        maxTotalRAMSize: limits.ram,
        maxServerMeta: limits.metadata_items,
        maxTotalKeypairs: limits.key_pairs,
        maxServerGroups: limits.server_groups,
        maxServerGroupMembers: limits.server_group_members,
        totalInstancesUsed: usage.instances ?? 0,
        totalCoresUsed: usage.cores ?? 0,
        totalRAMUsed: usage.ram ?? 0,
        totalServerGroupsUsed: usage.server_groups ?? 0,
        ...(minor < 57
          ? { maxPersonality: limits.injected_files, maxPersonalitySize: limits.injected_file_content_bytes }
          : undefined),
        ...(minor < 39 ? { maxImageMeta: limits.metadata_items } : undefined),
        ...(minor < 36
          ? {
              maxTotalFloatingIps: limits.floating_ips,
              maxSecurityGroups: limits.security_groups,
              maxSecurityGroupRules: limits.security_group_rules,
              totalFloatingIpsUsed: 0,
              totalSecurityGroupsUsed: 0,
            }
          : undefined),
      },
    },
  };
}
