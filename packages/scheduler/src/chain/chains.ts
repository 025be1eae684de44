import type { RequestSpec, SchedulerChain } from "@kilonova/contracts";
import { type Token, token } from "@kilonova/plugin-api";
import type { Chain } from "./chain.js";
import type { PluginGuard } from "./plugin-guard.js";

/** Which requests a profile is for, but for those whose flavor names it. */
export interface ProfileRule {
  readonly chain: Chain;
  /** A user may ask for it, by a hint or a property of the image. */
  readonly mayBeAskedFor: boolean;
  readonly flavors: ReadonlySet<string>;
  readonly images: ReadonlySet<string>;
  readonly projects: ReadonlySet<string>;
}

/** Chains that were loaded together. */
export interface ChainSet {
  /** The same on schedulers that run the same. */
  readonly digest: string;
  /** An ISO instant. */
  readonly loadedAt: string;
  /** What holds for requests that no profile is for. */
  readonly preset: Chain;
  readonly profiles: readonly ProfileRule[];
}

/** A request for a profile that there is not. */
export interface UnknownProfile {
  readonly unknownProfile: string;
}

/** By which a user, by hint or image property, asks for a profile. */
const PROFILE_KEY = "scheduler_profile";
/** The flavor's extra spec that names one: scoped, since those without a scope are about hosts. */
const FLAVOR_KEY = "kilonova:scheduler_profile";

/** The chains in force. They change at once, between two requests: a request ends with the chain that it began with. */
export class Chains {
  constructor(private current: ChainSet) {}

  /** Puts others into force. */
  replace(set: ChainSet): void {
    this.current = set;
  }

  get digest(): string {
    return this.current.digest;
  }

  /**
   * True where a plugin in force looks at the image properties of hosts, which are dear to count.
   *
   * @param aggregateKeys what the metadata of some aggregate says something under
   */
  readsImageProperties(aggregateKeys: ReadonlySet<string>): boolean {
    const { preset, profiles } = this.current;
    return [preset, ...profiles.map(({ chain }) => chain)].some(
      ({ filters, weighers }) =>
        filters.some(({ filter }) => filter.readsImageProperties) ||
        weighers.some((each) => each.weigher.readsImageProperties && each.counts(aggregateKeys)),
    );
  }

  /**
   * The chain for a request: by what its flavor names, which is an operator's word; else by what its user asks for, by hint
   * or by a property of the image, where that may be asked for; else the first profile that is for its flavor, its image, or
   * its project; else the preset.
   *
   * @param allows which profiles whoever asks may ask for
   */
  chainFor(
    spec: RequestSpec,
    allows = ({ mayBeAskedFor }: ProfileRule): boolean => mayBeAskedFor,
  ): Chain | UnknownProfile {
    const { profiles, preset } = this.current;
    const named = spec.flavor.extraSpecs[FLAVOR_KEY];
    if (named !== undefined) return this.#named(named) ?? { unknownProfile: named };
    const asked = textOf(spec.hints[PROFILE_KEY]) ?? spec.image?.properties[PROFILE_KEY];
    if (asked !== undefined) {
      // One that may not be asked for is to whoever asks as one that there is not.
      const rule = [presetRule(preset), ...profiles].find((each) => each.chain.name === asked && allows(each));
      return rule?.chain ?? { unknownProfile: asked };
    }
    const rule =
      profiles.find(({ flavors }) => flavors.has(spec.flavor.name) || flavors.has(spec.flavor.id)) ??
      profiles.find(({ images }) => spec.image !== null && images.has(spec.image.id)) ??
      profiles.find(({ projects }) => projects.has(spec.projectId));
    return rule?.chain ?? preset;
  }

  /** What administrators are shown. @param scheduler the host of this scheduler */
  describe(scheduler: string): SchedulerChain {
    const { digest, loadedAt, preset, profiles } = this.current;
    const all = [preset, ...profiles.map(({ chain }) => chain)];
    return { scheduler, digest, loadedAt, profiles: all.map(describeChain) };
  }

  #named(name: string): Chain | undefined {
    const { preset, profiles } = this.current;
    return name === preset.name ? preset : profiles.find(({ chain }) => chain.name === name)?.chain;
  }
}

/** The chains in force, for strategies in the box. */
export const CHAINS: Token<Chains> = token("scheduler-chains");

function describeChain({ name, digest, chosenBy, requestFilters, filters, weighers }: Chain) {
  const plugins = [
    ...requestFilters.map(({ guard }) => describePlugin(guard, null)),
    ...filters.map(({ guard }) => describePlugin(guard, null)),
    ...weighers.map(({ guard, weight }) => describePlugin(guard, weight)),
  ];
  return { name, digest, chosenBy: [...chosenBy], plugins };
}

function describePlugin(guard: PluginGuard, weight: number | null) {
  const { origin, rules, requests, failures, overruns, milliseconds, isOpen } = guard;
  const { name, kind, from } = origin;
  return { name, kind, from, weight, requests, failures, overruns, milliseconds, isOpen, policy: rules.policy };
}

/** The preset is nobody's to ask for. */
function presetRule(chain: Chain): ProfileRule {
  return { chain, mayBeAskedFor: false, flavors: new Set(), images: new Set(), projects: new Set() };
}

/** A hint may be a list of one. */
function textOf(hint: unknown): string | undefined {
  const value: unknown = Array.isArray(hint) && hint.length === 1 ? hint[0] : hint;
  return typeof value === "string" ? value : undefined;
}
