import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  type Constructor,
  contractOf,
  hooksOf,
  isKilonovaError,
  isOfKind,
  type Manager,
  messageOf,
  method,
  milliseconds,
  periodicTasksOf,
  RequestContext,
  type RpcContract,
  rpcContract,
  rpcMethodsOf,
  synchronizedMethodsOf,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { checksInWorld, type WorldChecks } from "./checks-in-world.js";
import type { ContractCheck } from "./contract-check.js";
import { isRefusedBy } from "./fits-contract.js";
import { ServedManager } from "./served-manager.js";
import { soon } from "./settled.js";

/** One call that a manager has to answer, by a value or by a refusal that its contract knows. */
export interface SampleCall {
  readonly method: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** An administrator's where nothing is said. */
  readonly context?: RequestContext;
}

/** A manager with all that it asks for: databases, drivers, clients of other services, real or not. */
export interface ServiceWorld {
  /** Made, and not called yet. */
  readonly manager: Manager;
  /** What it is called with once it has started, in this order. */
  readonly calls?: readonly SampleCall[];
  /** Ends what the world holds. The check has had the manager clean up. */
  end(): Promise<void>;
}

/**
 * What every service promises, as checks for any test runner: its manager fits its contract and lives the life that the
 * framework gives it. What it answers is for its own tests.
 */
export function serviceSuite(contract: RpcContract, makeWorld: () => Promise<ServiceWorld>): readonly ContractCheck[] {
  return checksInWorld(
    checks,
    async () => new Life(contract, await makeWorld()),
    (life) => life.stop(),
  );
}

/** The life of one manager. */
class Life {
  readonly manager: Manager;
  /** Methods that were reached by a call. */
  readonly reached: string[] = [];
  #served: ServedManager | undefined;
  #isBegun = false;

  constructor(
    readonly contract: RpcContract,
    readonly world: ServiceWorld,
  ) {
    this.manager = world.manager;
  }

  get endpoints(): readonly object[] {
    return [this.manager, ...this.manager.additionalEndpoints];
  }

  /** As a service starts it. */
  async start(): Promise<ServedManager> {
    const { manager } = this;
    const context = RequestContext.admin();
    this.#isBegun = true;
    await soon("initHost", manager.initHost(context));
    await soon("preStartHook", manager.preStartHook(context));
    this.#served = await ServedManager.serve(this.endpoints, (method) => this.reached.push(method));
    await soon("postStartHook", manager.postStartHook(context));
    return this.#served;
  }

  async answers(): Promise<void> {
    for (const { method, args = {}, context = RequestContext.admin() } of this.world.calls ?? []) {
      const call = this.#served?.rpc.client(this.contract).call[method];
      assert.ok(call, `contract ${this.contract.name} has no method ${method}`);
      await soon(
        `the answer of ${method}`,
        call(context, args).catch((error: unknown) => assert.fail(`${method} failed: ${messageOf(error)}`)),
      );
    }
  }

  /** As a service stops it. Safe to repeat. */
  async stop(): Promise<void> {
    await this.#served?.close();
    this.#served = undefined;
    if (this.#isBegun) await this.cleanUp();
    this.#isBegun = false;
  }

  async cleanUp(): Promise<void> {
    await soon("cleanupHost", this.manager.cleanupHost(RequestContext.admin().within(5_000)));
  }

  async end(): Promise<void> {
    await this.world.end();
  }
}

const checks: WorldChecks<Life> = {
  "a manager says that it is a service": async ({ manager }) => {
    assert.ok(isOfKind(manager, "service"), "its class does not extend Manager");
  },

  "it answers its contract: each method is marked, and nothing else": async ({ contract, manager, endpoints }) => {
    assert.equal(
      contractOf(typeOf(manager))?.name,
      contract.name,
      "its class is marked with another contract, or none",
    );
    for (const object of endpoints) {
      const answered = contractOf(typeOf(object));
      assert.ok(answered, `${typeOf(object).name} is not marked with @manager or @endpoint`);
      assert.equal(answered.topic, contract.topic, `contract ${answered.name} is called on another topic`);
      const marked = [...rpcMethodsOf(typeOf(object))].sort();
      assert.deepEqual(
        marked,
        Object.keys(answered.methods).sort(),
        "methods marked with @rpcMethod, and those expected",
      );
      for (const name of marked) isMethod(object, name);
    }
  },

  "what its marks name is there: periodic tasks, hook points, locks": async ({ endpoints }) => {
    for (const object of endpoints) {
      const type = typeOf(object);
      for (const { method: name, spec } of periodicTasksOf(type)) {
        isMethod(object, name);
        if (spec.timeLimit !== undefined) assert.ok(milliseconds(spec.timeLimit) > 0, `${name} has no time`);
        if (!isOption(spec.every)) assert.ok(milliseconds(spec.every) > 0, `${name} has no interval`);
      }
      for (const { method: name } of synchronizedMethodsOf(type)) isMethod(object, name);
      const topic = contractOf(type)?.topic;
      for (const { method: name, point } of hooksOf(type)) {
        isMethod(object, name);
        if (rpcMethodsOf(type).has(name)) assert.equal(point, `${topic}.${name}`, "the hook point of an RPC method");
      }
    }
  },

  "it starts, answers, and stops": async (life) => {
    await life.start();
    await life.answers();
    await life.stop();
  },

  "what its contract does not allow never reaches it": async (life) => {
    const served = await life.start();
    for (const [name, spec] of Object.entries(life.contract.methods)) {
      // Sends whatever it is given: the other side has to look.
      const careless = rpcContract(
        life.contract.name,
        life.contract.version,
        { [name]: method({ args: z.looseObject({}) }) },
        { topic: life.contract.topic },
      );
      const call = served.rpc.client(careless).call[name];
      for (const args of wrongArguments(spec.args)) {
        const failure = await soon(
          `the refusal of ${name}`,
          (call?.(RequestContext.admin(), args) ?? Promise.resolve()).catch((error: unknown) => error),
        );
        assert.ok(isKilonovaError(failure, "rpc.badArguments"), `${name}(${inspect(args)}): ${inspect(failure)}`);
      }
    }
    assert.deepEqual(life.reached, []);
  },

  "a reset does no harm, once or twice": async (life) => {
    await life.start();
    for (let round = 0; round < 2; round++) await soon("reset", life.manager.reset());
    await life.answers();
  },

  "it cleans up after a start, and again": async (life) => {
    await life.start();
    await life.stop();
    await life.cleanUp();
  },

  "it cleans up after a start that came to nothing": async (life) => {
    // The framework's own state could not be reached: initHost was not called.
    await life.cleanUp();
  },

  "each periodic task runs, and again": async (life) => {
    await life.start();
    for (const { name, run } of tasksOf(life)) {
      for (let round = 0; round < 2; round++) await soon(`periodic task ${name}`, run(RequestContext.admin()));
    }
    await life.answers();
  },

  "each periodic task ends by its signal": async (life) => {
    await life.start();
    for (const { name, run } of tasksOf(life)) {
      for (const wait of [() => {}, turn]) {
        const controller = new AbortController();
        const running = run(RequestContext.admin().withSignal(controller.signal));
        const outcome = running.catch(() => undefined);
        await wait();
        controller.abort(new Error("the service stops"));
        await soon(`the end of periodic task ${name}`, outcome);
      }
    }
  },

  "its tasks are run when the service says so, and it says when it wants to be asked again": async (life) => {
    await life.start();
    const due = { run: () => 60_000 };
    const next = await soon("periodicTasks", life.manager.periodicTasks(RequestContext.admin(), due));
    assert.ok(Number.isFinite(next) && next >= 0, `in ${next} milliseconds`);
  },
};

function typeOf(object: object): Constructor {
  return object.constructor as Constructor;
}

function isMethod(object: object, name: string): void {
  assert.equal(typeof Reflect.get(object, name), "function", `${object.constructor.name} has no method ${name}`);
}

function isOption(every: string): every is `option:${string}` {
  return every.startsWith("option:");
}

function tasksOf({ endpoints }: Life) {
  return endpoints.flatMap((object) =>
    periodicTasksOf(typeOf(object)).map(({ method: name }) => {
      const task = Reflect.get(object, name) as (context: RequestContext) => Promise<void>;
      return { name, run: async (context: RequestContext) => task.call(object, context) };
    }),
  );
}

/** Arguments that a schema refuses, or, where there is none, any at all. */
function wrongArguments(schema: z.ZodObject | undefined): readonly Record<string, unknown>[] {
  const strange = { surprise: "something that no contract knows" };
  if (!schema) return [strange];
  const values = [null, -1.5, [], {}, "", "x".repeat(100)];
  const bent = Object.keys(schema.shape).flatMap((name) => values.map((value) => ({ [name]: value })));
  return [strange, {}, ...bent].filter((args) => isRefusedBy(schema, args));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
