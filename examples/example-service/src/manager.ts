import {
  type Args,
  driver,
  type Handlers,
  hook,
  Manager,
  manager,
  type Options,
  ok,
  options,
  periodicTask,
  type RequestContext,
  type Result,
  refused,
  rpcMethod,
  synchronized,
} from "@kilonova/core";
import { type Example, exampleContract } from "./contract.js";
import type { GreetingDriver } from "./greeting-driver.js";
import { exampleOptions } from "./options.js";

/** Greets by its driver, and can be given another name. */
@manager(exampleContract)
export class ExampleManager extends Manager implements Handlers<Example> {
  #name: string;
  #tags: readonly string[] = [];
  #greetings = 0;
  #sweeps = 0;

  constructor(
    @driver("example.driver") private readonly greeter: GreetingDriver,
    @options(exampleOptions) private readonly settings: Options<typeof exampleOptions>,
  ) {
    super();
    this.#name = settings.name;
  }

  @rpcMethod()
  async greet(_context: RequestContext, { name }: Args<Example, "greet">): Promise<string> {
    this.#greetings += 1;
    return `${this.#name}: ${await this.greeter.greet(name)}`;
  }

  @rpcMethod()
  @hook("example.rename", { stability: "stable", amendable: ["name"] })
  @synchronized("rename")
  async rename(
    _context: RequestContext,
    { name, tags = [] }: Args<Example, "rename">,
  ): Promise<Result<Example, "rename">> {
    if (this.settings.reserved.includes(name)) return refused("nameTaken", { name });
    const before = this.#name;
    this.#name = name;
    this.#tags = tags;
    return ok({ before });
  }

  @rpcMethod()
  async report(_context: RequestContext): Promise<Result<Example, "report">> {
    return { name: this.#name, greetings: this.#greetings, sweeps: this.#sweeps };
  }

  @periodicTask({ every: "option:example.sweepInterval", runImmediately: true })
  async sweep(_context: RequestContext): Promise<void> {
    this.#tags = this.#tags.filter((tag) => !tag.startsWith("old-"));
    this.#sweeps += 1;
  }
}
