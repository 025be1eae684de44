import { type Handlers, method, type RequestContext, rpcContract } from "@kilonova/messaging";
import {
  endpoint,
  inject,
  Manager,
  manager,
  periodicTask,
  rpcMethod,
  synchronized,
  type Token,
  token,
} from "@kilonova/plugin-api";
import { z } from "zod";

export const lifeContract = rpcContract("life", "1.3", { work: method({ result: z.string() }) });
export const sideContract = rpcContract("side", "2.0", { aside: method({ result: z.string() }) }, { topic: "life" });

/** What a test has a {@link LifeManager} do. */
export interface Script {
  readonly events: string[];
  /** Called at each of its steps, by name. */
  readonly at?: Readonly<Record<string, (context: RequestContext) => Promise<void>>>;
}

export const SCRIPT: Token<Script> = token("core-test-script");

@endpoint(sideContract)
class Side implements Handlers<typeof sideContract> {
  @rpcMethod()
  @synchronized("aside")
  async aside(_context: RequestContext) {
    return "aside";
  }
}

/** Tells all that happens to it. */
@manager(lifeContract)
export class LifeManager extends Manager implements Handlers<typeof lifeContract> {
  override readonly additionalEndpoints = [new Side()];

  constructor(@inject(SCRIPT) private readonly script: Script) {
    super();
  }

  override async initHost(context: RequestContext) {
    await this.#step("initHost", context);
  }
  override async preStartHook(context: RequestContext) {
    await this.#step("preStartHook", context);
  }
  override async postStartHook(context: RequestContext) {
    await this.#step("postStartHook", context);
  }
  override async cleanupHost(context: RequestContext) {
    await this.#step("cleanupHost", context);
  }
  override async reset() {
    this.script.events.push("reset");
  }

  @rpcMethod() async work(context: RequestContext) {
    await this.#step("work", context);
    return "done";
  }

  @periodicTask({ every: "1h", runImmediately: true }) async tick(context: RequestContext) {
    await this.#step("tick", context);
  }

  async #step(name: string, context: RequestContext): Promise<void> {
    this.script.events.push(name);
    await this.script.at?.[name]?.(context);
  }
}
