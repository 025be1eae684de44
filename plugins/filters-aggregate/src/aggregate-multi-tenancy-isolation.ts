import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";
import { listed } from "./aggregate-metadata.js";

const KEY = "filter_tenant_id";

/**
 * Passes hosts whose aggregates list the project under `filter_tenant_id` or a key that begins so, and hosts of which no
 * aggregate has such a list. Such projects may use other hosts all the same.
 */
export class AggregateMultiTenancyIsolation extends HostFilter {
  override signature({ projectId }: SchedulingRequest): string {
    return projectId;
  }

  override hostPasses(host: HostState, { projectId }: SchedulingRequest): HostVerdict {
    let isOpen = true;
    for (const { metadata } of host.aggregates) {
      for (const [key, value] of Object.entries(metadata)) {
        if (!key.startsWith(KEY)) continue;
        if (listed(value).includes(projectId)) return true;
        isOpen = false;
      }
    }
    return isOpen || { code: "other-projects", words: "are kept for other projects" };
  }
}
