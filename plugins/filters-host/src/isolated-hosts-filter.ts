import {
  HostFilter,
  type HostNarrowing,
  type HostRefusal,
  type HostState,
  type HostVerdict,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { filtersHostOptions } from "./options.js";

const NOT_ISOLATED: HostRefusal = { code: "host-not-isolated", words: "are not among those for isolated images" };
const ISOLATED: HostRefusal = { code: "host-isolated", words: "are kept for isolated images" };

/**
 * Servers of isolated images go to isolated hosts alone, and, unless `filtersHost.restrictIsolatedHostsToIsolatedImages` is
 * off, no others do.
 */
export class IsolatedHostsFilter extends HostFilter {
  override readonly runsOnRebuild = true;
  readonly #images: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #restricts: boolean;

  constructor(@options(filtersHostOptions) settings: Options<typeof filtersHostOptions>) {
    super();
    this.#images = new Set(settings.isolatedImages);
    this.#hosts = new Set(settings.isolatedHosts);
    this.#restricts = settings.restrictIsolatedHostsToIsolatedImages;
  }

  override concerns(request: SchedulingRequest): boolean {
    return this.#isIsolated(request) || (this.#restricts && this.#hosts.size > 0);
  }

  override signature(request: SchedulingRequest): string {
    return this.#isIsolated(request) ? "isolated" : "";
  }

  override narrow(request: SchedulingRequest): { within: HostNarrowing; refusal: HostRefusal } | undefined {
    return this.#isIsolated(request) ? { within: { hosts: [...this.#hosts] }, refusal: NOT_ISOLATED } : undefined;
  }

  override hostPasses(host: HostState, request: SchedulingRequest): HostVerdict {
    const isIsolatedHost = this.#hosts.has(host.host);
    if (this.#isIsolated(request)) return isIsolatedHost || NOT_ISOLATED;
    return this.#restricts && isIsolatedHost ? ISOLATED : true;
  }

  #isIsolated({ image }: SchedulingRequest): boolean {
    return image !== null && this.#images.has(image.id);
  }
}
