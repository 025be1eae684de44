import {
  type ExtraSpecRequirement,
  extraSpecRequirement,
  HostFilter,
  type HostState,
  type HostVerdict,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { listedValues } from "./aggregate-metadata.js";

const SCOPE = "aggregate_instance_extra_specs:";

interface Wish {
  /** As the flavor has it: `ssd=true`. */
  readonly text: string;
  readonly key: string;
  readonly requirement: ExtraSpecRequirement;
}

/**
 * Passes hosts whose aggregates' metadata matches every extra spec of the flavor that is without a scope or has
 * `aggregate_instance_extra_specs:`. Where aggregates say several things, one that matches will do.
 */
export class AggregateInstanceExtraSpecsFilter extends HostFilter<readonly Wish[]> {
  override concerns(request: SchedulingRequest): boolean {
    return specsOf(request).length > 0;
  }

  override signature(request: SchedulingRequest): string {
    return JSON.stringify(specsOf(request).sort());
  }

  override prepare(request: SchedulingRequest): readonly Wish[] {
    return specsOf(request).map(([name, value]) => ({
      text: `${name}=${value}`,
      key: name.startsWith(SCOPE) ? name.slice(SCOPE.length) : name,
      requirement: extraSpecRequirement(value),
    }));
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, wishes: readonly Wish[]): HostVerdict {
    for (const wish of wishes) {
      const verdict = wishVerdict(host, wish);
      if (verdict !== true) return verdict;
    }
    return true;
  }
}

function wishVerdict(host: HostState, { text, key, requirement }: Wish): HostVerdict {
  if (requirement.problem !== undefined) {
    return { code: "extra-spec-malformed", words: `cannot match extra spec ${text}, which ${requirement.problem}` };
  }
  const values = listedValues(host, key);
  if (values.length === 0) {
    return { code: "no-such-metadata", words: `are in no aggregate with ${key}, which extra spec ${text} asks for` };
  }
  return (
    values.some((value) => requirement.matches(value)) || {
      code: "metadata-differs",
      words: `do not match extra spec ${text}`,
    }
  );
}

function specsOf({ flavor }: SchedulingRequest): [string, string][] {
  return Object.entries(flavor.extraSpecs).filter(([name]) => !name.includes(":") || name.startsWith(SCOPE));
}
