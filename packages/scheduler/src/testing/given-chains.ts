import type { Clock, HostFilter, HostWeigher, Logger, RequestFilter } from "@kilonova/plugin-api";
import { type ChainSet, Chains, type ProfileRule } from "../chain/chains.js";
import { GuardedFilter } from "../chain/guarded-filter.js";
import { GuardedRequestFilter } from "../chain/guarded-request-filter.js";
import { GuardedWeigher } from "../chain/guarded-weigher.js";
import { makeChain } from "../chain/make-chain.js";
import { PluginGuard, type PluginOrigin, type PluginRules } from "../chain/plugin-guard.js";

/** Plugins of which a test makes a chain. */
export interface GivenPlugins {
  readonly requestFilters?: readonly RequestFilter[];
  readonly filters?: readonly HostFilter[];
  readonly weighers?: readonly HostWeigher[];
  readonly rules?: Partial<PluginRules>;
  /** Further profiles by name. */
  readonly profiles?: Readonly<Record<string, GivenPlugins & { readonly flavors?: readonly string[] }>>;
}

interface ChainWorld {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly rules?: Partial<PluginRules> | undefined;
}

/** Chains made of plugin objects, without configuration. For tests. */
export function givenChains(plugins: GivenPlugins, world: ChainWorld): Chains {
  return new Chains(givenChainSet(plugins, world));
}

export function givenChainSet(plugins: GivenPlugins, world: ChainWorld): ChainSet {
  const preset = givenChain("default", plugins, world);
  const profiles = Object.entries(plugins.profiles ?? {}).map(
    ([name, profile]): ProfileRule => ({
      chain: givenChain(name, profile, world),
      mayBeAskedFor: true,
      flavors: new Set(profile.flavors),
      images: new Set(),
      projects: new Set(),
    }),
  );
  return { digest: preset.digest, loadedAt: "2030-01-01T00:00:00.000Z", preset, profiles };
}

export function givenChain(name: string, plugins: GivenPlugins, { logger, clock, rules }: ChainWorld) {
  const guard = (kind: PluginOrigin["kind"], plugin: object) =>
    new PluginGuard(
      { name: plugin.constructor.name, kind, from: "a test", options: {} },
      { timeLimit: 60_000, policy: kind === "weigher" ? "pass" : "fail", breakAfter: 5, breakFor: 30_000, ...rules },
      logger,
      clock,
    );
  return makeChain(name, [], {
    requestFilters: (plugins.requestFilters ?? []).map(
      (each) => new GuardedRequestFilter(each, guard("request-filter", each)),
    ),
    filters: (plugins.filters ?? []).map((each) => new GuardedFilter(each, guard("filter", each))),
    weighers: (plugins.weighers ?? []).map((each) => new GuardedWeigher(each, guard("weigher", each), undefined)),
  });
}
