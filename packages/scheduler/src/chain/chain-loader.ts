import { createHash } from "node:crypto";
import type { Container, MadeObject } from "@kilonova/core";
import { KilonovaError } from "@kilonova/messaging";
import {
  CLOCK,
  type Clock,
  type HostFilter,
  type HostWeigher,
  inject,
  isOfKind,
  LOGGER,
  type Logger,
  type Options,
  options,
  type PluginKind,
  type RequestFilter,
  type Token,
  token,
} from "@kilonova/plugin-api";
import { schedulerOptions } from "../options.js";
import type { Chain } from "./chain.js";
import type { ChainSet, ProfileRule } from "./chains.js";
import { GuardedFilter } from "./guarded-filter.js";
import { GuardedRequestFilter } from "./guarded-request-filter.js";
import { GuardedWeigher } from "./guarded-weigher.js";
import { type ChainParts, makeChain } from "./make-chain.js";
import { PluginGuard, type PluginOrigin } from "./plugin-guard.js";

type Settings = Options<typeof schedulerOptions>;

/** Reads the scheduler's options as they are now. */
class SettingsNow {
  constructor(
    @options(schedulerOptions) readonly settings: Settings,
    @inject(CLOCK) readonly clock: Clock,
    @inject(LOGGER) readonly logger: Logger,
  ) {}
}

/**
 * Makes the chains that the options describe, from the plugins that they name: at the start, and again at each SIGHUP. A
 * plugin that several profiles name is made for each, since how much it counts may differ.
 */
export class ChainLoader {
  constructor(private readonly container: Container) {}

  /** @throws KilonovaError, ConfigurationError where a plugin cannot be had: what was in force stays so */
  async load(): Promise<ChainSet> {
    const now = await this.container.build(SettingsNow);
    const { settings, clock } = now;
    const preset = await this.#chain(now, "default", ["no other profile is for a request"], settings);
    const profiles: ProfileRule[] = [];
    for (const [name, profile] of Object.entries(settings.profiles)) {
      const { flavors, images, projects, mayBeAskedFor } = profile;
      const chosenBy = [
        `its flavor has kilonova:scheduler_profile=${name}`,
        ...(mayBeAskedFor ? [`a hint or its image asks for scheduler_profile=${name}`] : []),
        ...(flavors.length > 0 ? [`its flavor is ${flavors.join(" or ")}`] : []),
        ...(images.length > 0 ? [`its image is ${images.join(" or ")}`] : []),
        ...(projects.length > 0 ? [`its project is ${projects.join(" or ")}`] : []),
      ];
      const chain = await this.#chain(now, name, chosenBy, {
        requestFilters: profile.requestFilters ?? settings.requestFilters,
        filters: profile.filters ?? settings.filters,
        weighers: profile.weighers ?? settings.weighers,
        weights: profile.weights,
      });
      profiles.push({
        chain,
        mayBeAskedFor,
        flavors: new Set(flavors),
        images: new Set(images),
        projects: new Set(projects),
      });
    }
    const digests = [preset, ...profiles.map(({ chain }) => chain)].map(({ name, digest, chosenBy }) =>
      JSON.stringify([name, digest, chosenBy]),
    );
    return {
      digest: createHash("sha256").update(digests.join("\n")).digest("hex").slice(0, 12),
      loadedAt: new Date(clock.now()).toISOString(),
      preset,
      profiles,
    };
  }

  async #chain(
    { settings, clock, logger }: SettingsNow,
    name: string,
    chosenBy: readonly string[],
    paths: Pick<Settings, "requestFilters" | "filters" | "weighers" | "weights">,
  ): Promise<Chain> {
    const guard = (kind: PluginOrigin["kind"], { origin, object, options: values }: MadeObject<object>) => {
      const plugin = object.constructor.name;
      const { timeLimit, onFailure } = settings.pluginPolicies[plugin] ?? {};
      const rules = {
        timeLimit: timeLimit ?? settings.pluginTimeLimit,
        policy: onFailure ?? (kind === "weigher" ? ("pass" as const) : ("fail" as const)),
        breakAfter: settings.pluginBreakAfter,
        breakFor: settings.pluginBreakFor,
      };
      return new PluginGuard({ name: plugin, kind, from: origin, options: values }, rules, logger, clock);
    };
    const parts: ChainParts = {
      requestFilters: (await this.#load(paths.requestFilters, "request-filter", isRequestFilter)).map(
        (made) => new GuardedRequestFilter(made.object, guard("request-filter", made)),
      ),
      filters: (await this.#load(paths.filters, "filter", isFilter)).map(
        (made) => new GuardedFilter(made.object, guard("filter", made)),
      ),
      weighers: (await this.#load(paths.weighers, "weigher", isWeigher)).map(
        (made) => new GuardedWeigher(made.object, guard("weigher", made), paths.weights[made.object.constructor.name]),
      ),
    };
    const unknown = Object.keys(paths.weights).find((each) => !parts.weighers.some((weigher) => weigher.name === each));
    if (unknown === undefined) return makeChain(name, chosenBy, parts);
    const names = parts.weighers.map((weigher) => weigher.name).join(", ");
    throw new KilonovaError(
      "object.notFound",
      `Profile ${name} of scheduler.profiles gives a weight to ${unknown}, which is none of its weighers (${names}).`,
    );
  }

  async #load<Plugin extends object>(
    paths: readonly string[],
    kind: PluginKind,
    isOne: (value: unknown) => value is Plugin,
  ): Promise<readonly MadeObject<Plugin>[]> {
    const made = await this.container.loadAll(paths, `option scheduler.${OPTIONS[kind] ?? kind}`, kind);
    return made.flatMap(({ object, ...rest }) => (isOne(object) ? [{ ...rest, object }] : []));
  }
}

const OPTIONS: Partial<Record<PluginKind, string>> = {
  "request-filter": "requestFilters",
  filter: "filters",
  weigher: "weighers",
};

/** Makes the chains anew. */
export const CHAIN_LOADER: Token<ChainLoader> = token("scheduler-chain-loader");

/** By their tags: a plugin may bring its own copy of plugin-api. The container has checked the kind. */
const isRequestFilter = (value: unknown): value is RequestFilter => isOfKind(value, "request-filter");
const isFilter = (value: unknown): value is HostFilter => isOfKind(value, "filter");
const isWeigher = (value: unknown): value is HostWeigher => isOfKind(value, "weigher");
