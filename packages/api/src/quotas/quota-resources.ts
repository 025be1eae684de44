import type { Options } from "@kilonova/config";
import type { quotaOptions } from "../options.js";

/** What is limited, by the names of the Compute API. */
export const QUOTA_RESOURCES = [
  "instances",
  "cores",
  "ram",
  "metadata_items",
  "key_pairs",
  "server_groups",
  "server_group_members",
  "injected_files",
  "injected_file_content_bytes",
  "injected_file_path_bytes",
  "floating_ips",
  "fixed_ips",
  "security_groups",
  "security_group_rules",
] as const;

export type QuotaResource = (typeof QUOTA_RESOURCES)[number];

/** Limits by resource; -1: none. */
export type QuotaLimits = Readonly<Record<QuotaResource, number>>;

/** Files are not put into guests here, and networks keep their own quotas. */
const FIXED = {
  injected_files: 0,
  injected_file_content_bytes: 0,
  injected_file_path_bytes: 0,
  floating_ips: -1,
  fixed_ips: -1,
  security_groups: -1,
  security_group_rules: -1,
} as const;

/** The limits of a project for which nobody set any. */
export function defaultLimits(options: Options<typeof quotaOptions>): QuotaLimits {
  return {
    instances: options.instances,
    cores: options.cores,
    ram: options.ram,
    metadata_items: options.metadataItems,
    key_pairs: options.keyPairs,
    server_groups: options.serverGroups,
    server_group_members: options.serverGroupMembers,
    ...FIXED,
  };
}

const PROXIED: ReadonlySet<string> = new Set(["floating_ips", "fixed_ips", "security_groups", "security_group_rules"]);

/** The resources that a microversion speaks of. */
export function resourcesAt(minor: number): readonly QuotaResource[] {
  return QUOTA_RESOURCES.filter((resource) => {
    if (PROXIED.has(resource)) return minor < 36;
    return !resource.startsWith("injected_") || minor < 57;
  });
}
