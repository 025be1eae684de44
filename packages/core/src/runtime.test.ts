import { Configuration, ConfigurationError } from "@kilonova/config";
import { isKilonovaError, rpcContract, type Transport } from "@kilonova/messaging";
import { BASE_DIRECTORY, CLOCK, inject, LOGGER, RPC, systemClock } from "@kilonova/plugin-api";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCKS } from "./locks/locks.js";
import { Runtime, type RuntimeSettings } from "./runtime.js";
import { SERVICE_RECORDS } from "./service/service-records.js";
import { memoryState } from "./state/memory-state.js";
import { configurationOf } from "./testing/configuration.js";
import { testFolder } from "./testing/folder.js";
import { inSpan } from "./tracing/span.js";

const TRANSPORTS = `
const tag = { kind: "transport", version: 1 };
const key = Symbol.for("kilonova.plugin");
class Silent {
  static [key] = tag;
  seen = [];
  async connect() { this.seen.push("connect"); }
  async close() { this.seen.push("close"); }
}
export { Silent };
export class Unreachable extends Silent {
  static last;
  constructor() { super(); Unreachable.last = this; }
  async connect() { throw new Error("nobody answers"); }
}
export class Throwing extends Silent { constructor() { super(); throw new Error("no cable"); } }
export const instance = new Silent();
export const factory = async (configuration) => Object.assign(new Silent(), { host: configuration.lookUp("service.host").value });
export const wrong = () => ({});
`;

const EXPORTERS = `
export class Kept {
  static spans = [];
  export(spans, done) { Kept.spans.push(...spans.map(({ name }) => name)); done({ code: 0 }); }
  async shutdown() {}
}
export class Throwing { constructor() { throw new Error("no collector"); } }
export const wrong = () => ({ export: 1 });
`;

const HOOKS = `
export let made = 0;
export class Watch { constructor() { made += 1; } pre() {} }
export class Nothing {}
`;

let runtimes: Runtime[] = [];
afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
  runtimes = [];
});

async function runtimeOf(
  values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  settings: RuntimeSettings = {},
) {
  const folder = await testFolder({
    "transports.mjs": TRANSPORTS,
    "hooks.mjs": HOOKS,
    "exporters.mjs": EXPORTERS,
  });
  const runtime = await Runtime.create({ configuration: await configurationOf(values, folder), ...settings });
  runtimes.push(runtime);
  return { runtime, folder };
}

const through = (name: string) => ({ transport: { driver: `./transports.mjs#${name}` }, service: { state: "memory" } });

async function failure(making: Promise<unknown>): Promise<string> {
  const error: unknown = await making.catch((thrown) => thrown);
  if (isKilonovaError(error)) return `${error.code}: ${error.message}`;
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  throw new Error("it did not fail");
}

describe("a runtime", () => {
  it("registers what services ask for", async () => {
    const { runtime, folder } = await runtimeOf();
    class Asking {
      constructor(
        @inject(RPC) readonly rpc: unknown,
        @inject(CLOCK) readonly clock: unknown,
        @inject(LOGGER) readonly logger: unknown,
        @inject(BASE_DIRECTORY) readonly folder: string,
        @inject(LOCKS) readonly locks: unknown,
        @inject(SERVICE_RECORDS) readonly records: unknown,
      ) {}
    }
    expect(await runtime.container.build(Asking)).toMatchObject({
      rpc: runtime.rpc,
      clock: systemClock,
      folder,
      locks: runtime.state.locks,
      records: runtime.state.serviceRecords,
    });
  });

  it.each(["Silent", "instance", "factory"])("takes its transport from a path: %s", async (name) => {
    const { runtime } = await runtimeOf(through(name));
    expect((runtime.transport as Transport & { seen: string[] }).seen).toContain("connect");
  });

  it.each([
    ["Throwing", "object.failed: option transport.driver: ./transports.mjs#Throwing could not be made: no cable"],
    ["wrong", "object.wrongKind: option transport.driver: ./transports.mjs#wrong: expected a transport"],
    ["Unreachable", "Error: nobody answers"],
  ])("says what is wrong with the transport %s", async (name, words) => {
    expect(await failure(runtimeOf(through(name)))).toContain(words);
  });

  it("has spans go to the exporter that an option names, until it is closed", async () => {
    const { runtime, folder } = await runtimeOf({ tracing: { exporter: "./exporters.mjs#Kept" } });
    await inSpan("a request", {}, async () => {});
    await runtime.close();
    const { Kept } = await import(`${folder}/exporters.mjs`);
    expect(Kept.spans).toEqual(["a request"]);
  });

  it.each([
    ["Throwing", "object.failed: option tracing.exporter: ./exporters.mjs#Throwing could not be made: no collector"],
    [
      "wrong",
      "object.wrongKind: option tracing.exporter: expected an exporter of OpenTelemetry's, with methods export",
    ],
    ["None", "object.notFound: option tracing.exporter"],
  ])("says what is wrong with the exporter %s", async (name, words) => {
    const making = runtimeOf({ tracing: { exporter: `./exporters.mjs#${name}` } });
    expect(await failure(making)).toContain(words);
  });

  it("makes its state by the factory given, with itself", async () => {
    const state = memoryState(systemClock);
    const { runtime } = await runtimeOf({}, { state: async (given) => (given.rpc ? state : memoryState(systemClock)) });
    expect(runtime.state).toBe(state);
  });

  it("closes its transport when its state cannot be made", async () => {
    const folder = await testFolder({ "transports.mjs": TRANSPORTS });
    const configuration = await configurationOf(through("instance"), folder);
    let transport: { seen?: string[] } = {};
    const state = async (runtime: Runtime) => {
      transport = runtime.transport as unknown as typeof transport;
      throw new Error("no database");
    };
    await expect(Runtime.create({ configuration, state })).rejects.toThrow("no database");
    expect(transport.seen).toEqual(["connect", "close"]);
  });

  it("says which option is wrong", async () => {
    const making = runtimeOf({ service: { reportInterval: "soon" } });
    const error: unknown = await making.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain("service.reportInterval");
  });

  it("says so when there is no temporary folder to write to", async () => {
    vi.stubEnv("TMPDIR", "/nowhere/at/all");
    const configuration = await configurationOf();
    expect(configuration).toBeInstanceOf(Configuration);
    const words = await failure(Runtime.create({ configuration }));
    vi.unstubAllEnvs();
    expect(words).toBe(
      "service.failedToStart: The temporary folder /nowhere/at/all cannot be written; set TMPDIR to one that can.",
    );
  });
});

describe("hooks by option", () => {
  const use = (hook: string, more = {}) => ({ point: "example.greet", hook: `./hooks.mjs#${hook}`, ...more });

  it("enter their points with their limits, and are not made yet", async () => {
    const { runtime, folder } = await runtimeOf({
      hooks: { use: [use("Watch", { order: 5, failure: "open", timeLimit: "2s" })] },
    });
    const [entered] = runtime.hooks.at("example.greet");
    expect(entered?.entry).toEqual({ point: "example.greet", order: 5, failure: "open", timeLimit: "2000ms" });
    const module = () => import(`${folder}/hooks.mjs`);
    expect((await module()).made).toBe(0);
    const run = () =>
      runtime.hooks.run(
        { name: "example.greet", version: "1.0", stability: "internal", amendable: [] },
        runtime.context(),
        {},
        async () => "ok",
      );
    await run();
    await run();
    expect((await module()).made).toBe(1);
  });

  it.each(["Watch", "./hooks.mjs#Watch"])("stay out where %s is disabled", async (disabled) => {
    const { runtime } = await runtimeOf({ hooks: { use: [use("Watch")], disabled: [disabled] } });
    expect(runtime.hooks.points()).toEqual([]);
  });

  it("are checked at start", async () => {
    expect(await failure(runtimeOf({ hooks: { use: [use("Nothing")] } }))).toBe(
      "object.wrongKind: option hooks.use: ./hooks.mjs#Nothing: expected a hook, with a method pre, post or error, received class Nothing, which is no plugin.",
    );
    expect(await failure(runtimeOf({ hooks: { use: [use("Nobody")] } }))).toContain(
      "object.notFound: option hooks.use",
    );
    expect(await failure(runtimeOf({ hooks: { use: [use("Watch", { timeLimit: "soon" })] } }))).toContain("timeLimit");
  });
});

describe("the newest version that a runtime's clients may send", () => {
  const contract = rpcContract("example", "1.2", {});
  const pinned = (upgradeLevels: Readonly<Record<string, string>>) => runtimeOf({ service: { upgradeLevels } });

  it("is what service.upgradeLevels says", async () => {
    const { runtime } = await pinned({ example: "1.1" });
    const { canSendVersion } = runtime.rpc.client(contract);
    expect([await canSendVersion("1.1"), await canSendVersion("1.2")]).toEqual([true, false]);
  });

  it("is found out from living services where it is auto, and again after SIGHUP", async () => {
    const { runtime } = await pinned({ example: "auto" });
    const { serviceRecords } = runtime.state;
    const upgrade = async (version: string) => {
      const service = { binary: "example", topic: "example", host: "one", contracts: { example: version } };
      await serviceRecords.report((await serviceRecords.register(service)).id);
    };
    const { canSendVersion } = runtime.rpc.client(contract);
    await upgrade("1.1");
    expect(await canSendVersion("1.2")).toBe(false);
    await upgrade("1.2");
    expect(await canSendVersion("1.2")).toBe(false);
    await runtime.reload();
    expect(await canSendVersion("1.2")).toBe(true);
  });

  it.each([
    [{ example: "new" }, "expected version such as 1.4, or auto"],
    [{ framework: "auto" }, "expected version for framework"],
  ])("is checked: %j", async (upgradeLevels, words) => {
    expect(await failure(pinned(upgradeLevels))).toContain(words);
  });
});
