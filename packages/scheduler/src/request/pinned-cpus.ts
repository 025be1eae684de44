import type { RequestGroup, RequestSpec } from "@kilonova/contracts";

/**
 * What a request for CPUs of its own asks for: `PCPU` in place of `VCPU`. Undefined where it asks for none, or says itself
 * what it takes. Hosts that tell nothing of `PCPU` are looked at next, with `VCPU`: nova-facts 6.1, step 3.
 */
export function withPinnedCpus({ flavor, image }: RequestSpec, group: RequestGroup): RequestGroup | undefined {
  const policy = flavor.extraSpecs["hw:cpu_policy"] ?? image?.properties["hw_cpu_policy"];
  const { VCPU, ...others } = group.resources;
  if (policy !== "dedicated" || VCPU === undefined || others["PCPU"] !== undefined) return undefined;
  const threads = flavor.extraSpecs["hw:cpu_thread_policy"] ?? image?.properties["hw_cpu_thread_policy"];
  return {
    ...group,
    resources: { PCPU: VCPU, ...others },
    required: threads === "require" ? [...group.required, ["HW_CPU_HYPERTHREADING"]] : group.required,
    forbidden: threads === "isolate" ? [...group.forbidden, "HW_CPU_HYPERTHREADING"] : group.forbidden,
  };
}
