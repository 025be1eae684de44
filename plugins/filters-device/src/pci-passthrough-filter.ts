import {
  HostFilter,
  type HostState,
  type HostVerdict,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { filtersDeviceOptions } from "./options.js";
import { isAskedFor, unservedRequest } from "./pci-pools.js";
import { aliasesByName, asksForPci, type PciAliases, type PciOutcome, pciRequests } from "./pci-request.js";

/** Passes hosts with as many free PCI devices as the flavor's `pci_passthrough:alias` asks for. */
export class PciPassthroughFilter extends HostFilter<PciOutcome> {
  readonly #aliases: PciAliases;

  constructor(@options(filtersDeviceOptions) settings: Options<typeof filtersDeviceOptions>) {
    super();
    this.#aliases = aliasesByName(settings.pciAliases);
  }

  override concerns(request: SchedulingRequest): boolean {
    return asksForPci(request);
  }

  override signature(request: SchedulingRequest): string {
    const outcome = this.prepare(request);
    return outcome.ok ? JSON.stringify(outcome.requests.map(({ name, count }) => [name, count])) : outcome.problem;
  }

  override prepare(request: SchedulingRequest): PciOutcome {
    return pciRequests(request, this.#aliases);
  }

  override hostPasses(host: HostState, _request: SchedulingRequest, outcome: PciOutcome): HostVerdict {
    if (!outcome.ok) return { code: "pci-request-unreadable", words: `cannot serve the request: ${outcome.problem}` };
    const unserved = unservedRequest(host.pciPools, outcome.requests);
    if (!unserved) return true;
    const { name, count } = unserved;
    if (!host.pciPools.some((pool) => isAskedFor(pool, unserved))) {
      return { code: "no-pci-devices", words: `have no PCI devices of alias ${name}` };
    }
    return {
      code: "too-few-pci-devices",
      words: `have fewer than ${count} PCI devices of alias ${name} left`,
      outlook: "not-now",
    };
  }
}
