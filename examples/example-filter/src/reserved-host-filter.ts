import {
  HostFilter,
  type HostRefusal,
  type HostState,
  type HostVerdict,
  type Options,
  options,
  type SchedulingRequest,
} from "@kilonova/plugin-api";
import { reservedHostsOptions } from "./options.js";

// #region filter
/**
 * Keeps dear hosts for the servers that need them: a host of `reservedHosts.hosts` passes for the flavors of
 * `reservedHosts.flavors` only. Hosts that are not named there pass for all.
 */
export class ReservedHostFilter extends HostFilter {
  readonly #names: readonly RegExp[];
  readonly #flavors: ReadonlySet<string>;
  readonly #refusal: HostRefusal;

  /** Options are read here, once: `hostPasses` is called for each host on the path of each request. */
  constructor(@options(reservedHostsOptions) { hosts, flavors }: Options<typeof reservedHostsOptions>) {
    super();
    this.#names = hosts.map(toExpression);
    this.#flavors = new Set(flavors);
    this.#refusal = {
      code: "reserved-host",
      words: flavors.length === 0 ? "are reserved" : `are reserved for ${flavors.join(", ")}`,
    };
  }

  /** Where every host passes none need be asked about. */
  override concerns({ flavor }: SchedulingRequest): boolean {
    return this.#names.length > 0 && !this.#flavors.has(flavor.name);
  }

  /** All that is read of a request: those of one signature share their verdicts. */
  override signature({ flavor }: SchedulingRequest): string {
    return this.#flavors.has(flavor.name) ? "in need" : "others";
  }

  override hostPasses(host: HostState, { flavor }: SchedulingRequest): HostVerdict {
    if (this.#flavors.has(flavor.name)) return true;
    return this.#names.some((name) => name.test(host.host)) ? this.#refusal : true;
  }
}
// #endregion

/** Of a name in which * stands for any characters, and everything else for itself. */
function toExpression(name: string): RegExp {
  const parts = name.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
