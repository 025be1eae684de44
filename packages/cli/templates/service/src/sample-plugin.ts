import {
  type Args,
  CLOCK,
  type Clock,
  duration,
  type Handlers,
  inject,
  Manager,
  manager,
  type Options,
  objectPath,
  ok,
  optionGroup,
  options,
  periodicTask,
  type RequestContext,
  type Result,
  refused,
  rpcMethod,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { type SamplePluginContract, samplePluginContract } from "./contract.js";

/** The options of this service. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    manager: objectPath("service").default("sample-plugin#SamplePlugin").describe("The manager of the service."),
    duration: duration("5m").describe("How long a reservation holds."),
    sweepInterval: duration("60s").describe("How often reservations that are over are forgotten; 0: never."),
  }),
);

interface Reservation {
  readonly holder: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/**
 * Keeps reservations, in memory.
 *
 * The manager of a service: the methods of its contract are marked with `@rpcMethod()`. What a caller must expect to be told
 * is a refusal and comes back as a value; what is thrown is a failure. `initHost`, `preStartHook`, `postStartHook`,
 * `cleanupHost` and `reset` may be overridden as well.
 */
@manager(samplePluginContract)
export class SamplePlugin extends Manager implements Handlers<SamplePluginContract> {
  readonly #reservations = new Map<string, Reservation>();

  constructor(
    @options(samplePluginOptions) private readonly settings: Options<typeof samplePluginOptions>,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  @rpcMethod()
  async reserve(
    _context: RequestContext,
    { thing, holder }: Args<SamplePluginContract, "reserve">,
  ): Promise<Result<SamplePluginContract, "reserve">> {
    const held = this.#reservations.get(thing);
    if (held && held.holder !== holder && held.until > this.clock.now())
      return refused("held", { holder: held.holder });
    const until = this.clock.now() + this.settings.duration;
    this.#reservations.set(thing, { holder, until });
    return ok({ thing, holder, until: new Date(until).toISOString() });
  }

  @rpcMethod()
  async release(_context: RequestContext, { thing, holder }: Args<SamplePluginContract, "release">): Promise<void> {
    if (this.#reservations.get(thing)?.holder === holder) this.#reservations.delete(thing);
  }

  @rpcMethod()
  async list(_context: RequestContext): Promise<Result<SamplePluginContract, "list">> {
    return [...this.#reservations]
      .filter(([, { until }]) => until > this.clock.now())
      .map(([thing, { holder, until }]) => ({ thing, holder, until: new Date(until).toISOString() }));
  }

  /** Runs again and again while the service lives, never twice at a time; its signal aborts when the service stops. */
  @periodicTask({ every: "option:samplePlugin.sweepInterval" })
  async sweep(_context: RequestContext): Promise<void> {
    for (const [thing, { until }] of this.#reservations) {
      if (until <= this.clock.now()) this.#reservations.delete(thing);
    }
  }
}
