import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MemoryTransport, Rpc, type RpcHandler } from "@kilonova/messaging";
import { RequestContext } from "@kilonova/plugin-api";
import { FakeClock, serviceSuite } from "@kilonova/plugin-testing";
import { samplePluginContract } from "./contract.js";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

const MINUTE = 60_000;

function makeManager(clock: FakeClock): SamplePlugin {
  return new SamplePlugin(samplePluginOptions.schema.parse({ duration: "5m" }), clock);
}

const suite = serviceSuite(samplePluginContract, async () => ({
  manager: makeManager(new FakeClock()),
  calls: [
    { method: "reserve", args: { thing: "crane", holder: "Ada" } },
    { method: "reserve", args: { thing: "crane", holder: "Grace" } },
    { method: "list" },
    { method: "release", args: { thing: "crane", holder: "Ada" } },
  ],
  end: async () => {},
}));

describe("SamplePlugin does what every service promises:", () => {
  for (const { name, run } of suite) it(name, run);
});

describe("SamplePlugin, called by its contract", () => {
  const context = RequestContext.admin();
  let clock: FakeClock;
  let transport: MemoryTransport;
  let client: ReturnType<typeof makeClient>;

  /** As any other process makes one, from the contract alone; there, `@inject(RPC)` brings the `Rpc`. */
  function makeClient(rpc: Rpc) {
    return rpc.client(samplePluginContract);
  }

  beforeEach(async () => {
    clock = new FakeClock();
    transport = new MemoryTransport();
    const rpc = new Rpc(transport);
    const manager = makeManager(clock);
    const handlers = new Map<string, RpcHandler>([
      ["reserve", manager.reserve.bind(manager)],
      ["release", manager.release.bind(manager)],
      ["list", manager.list.bind(manager)],
    ]);
    await rpc.serve({ topic: samplePluginContract.topic, server: "host1" }, [
      { contract: samplePluginContract, handlers },
    ]);
    client = makeClient(rpc);
  });
  afterEach(() => transport.close());

  it("gives a thing to one holder at a time, and says who it is", async () => {
    const { call } = client;
    assert.equal((await call.reserve(context, { thing: "crane", holder: "Ada" })).ok, true);
    assert.deepEqual(await call.reserve(context, { thing: "crane", holder: "Grace" }), {
      ok: false,
      refusal: "held",
      details: { holder: "Ada" },
    });
    await call.release(context, { thing: "crane", holder: "Ada" });
    assert.equal((await call.reserve(context, { thing: "crane", holder: "Grace" })).ok, true);
  });

  it("lets a holder stay longer, and others in when the time is over", async () => {
    const { call } = client;
    await call.reserve(context, { thing: "crane", holder: "Ada" });
    await clock.advance(4 * MINUTE);
    await call.reserve(context, { thing: "crane", holder: "Ada" });
    await clock.advance(4 * MINUTE);
    assert.deepEqual(
      (await call.list(context)).map(({ holder }) => holder),
      ["Ada"],
    );
    await clock.advance(MINUTE + 1);
    assert.deepEqual(await call.list(context), []);
    assert.equal((await call.reserve(context, { thing: "crane", holder: "Grace" })).ok, true);
  });
});
