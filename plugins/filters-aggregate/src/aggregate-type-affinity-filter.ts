import { HostFilter, type HostState, type HostVerdict, type SchedulingRequest } from "@kilonova/plugin-api";
import { listedValues } from "./aggregate-metadata.js";

/** Passes hosts whose aggregates list the flavor's name under `instance_type`, and hosts of which no aggregate has such a list. */
export class AggregateTypeAffinityFilter extends HostFilter {
  override signature({ flavor }: SchedulingRequest): string {
    return flavor.name;
  }

  override hostPasses(host: HostState, { flavor }: SchedulingRequest): HostVerdict {
    const names = listedValues(host, "instance_type");
    if (names.length === 0 || names.includes(flavor.name)) return true;
    return { code: "other-flavors", words: `are kept for other flavors than ${flavor.name}` };
  }
}
