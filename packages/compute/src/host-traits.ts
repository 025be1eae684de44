import type { Logger } from "@kilonova/plugin-api";

/** Set by others, though it has a driver's prefix: a service that is disabled. */
const STATUS = "COMPUTE_STATUS_DISABLED";
/** What only a driver knows of its host. */
const DRIVERS_OWN = /^(?:COMPUTE|HW_ARCH|HW_CPU)_/;

/**
 * Which traits of a host's provider its driver speaks for. Those named `COMPUTE_…`, `HW_ARCH_…` and `HW_CPU_…` are as the
 * driver reports them. Of all others, `CUSTOM_…` among them, it adds what it reports, and takes away only what it
 * reported before in this life of the process: the rest was set by an operator.
 */
export class HostTraits {
  /** Reported in this life. */
  readonly #reported = new Set<string>();
  /** Placement refuses them. */
  readonly #refused = new Set<string>();

  constructor(private readonly logger: Logger) {}

  /**
   * All that the provider is to have; undefined where it has just that, or where the driver says nothing of traits.
   *
   * @param present what it has
   */
  missingFrom(present: readonly string[], reported: readonly string[] | undefined): string[] | undefined {
    if (!reported) return undefined;
    const wanted = reported.filter((trait) => !this.#refused.has(trait));
    for (const trait of wanted) this.#reported.add(trait);
    const others = present.filter((trait) => !this.#isDrivers(trait));
    const traits = new Set([...others, ...wanted]);
    const isSame = traits.size === new Set(present).size && present.every((trait) => traits.has(trait));
    return isSame ? undefined : [...traits].sort();
  }

  /** Placement does not know the trait: the host goes on without it. */
  leaveOut(trait: string): void {
    this.#refused.add(trait);
    this.logger.warn({ trait }, "placement does not know a trait that the virt driver reports; it is left out");
  }

  #isDrivers(trait: string): boolean {
    if (trait === STATUS) return false;
    return DRIVERS_OWN.test(trait) || this.#reported.has(trait);
  }
}
