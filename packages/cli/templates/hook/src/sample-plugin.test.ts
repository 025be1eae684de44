import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LogFields, type Logger, RequestContext, serverCreate, silentLogger } from "@kilonova/plugin-api";
import { hookSuite, sampleServer } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

function makeHook(written: Readonly<Record<string, unknown>> = {}, logger: Logger = silentLogger): SamplePlugin {
  return new SamplePlugin(samplePluginOptions.schema.parse(written), logger);
}

/** What a user asks for, as the point's own schema has it. */
function creation(name: string) {
  return serverCreate.spec.payload.parse({
    name,
    description: null,
    flavor: sampleServer().flavor,
    imageId: "11111111-1111-4111-8111-111111111111",
    networks: "auto",
    metadata: {},
    hints: {},
    availabilityZone: null,
    minCount: 1,
    maxCount: 1,
  });
}

function eventOf(name: string) {
  return { point: serverCreate.name, version: "1.0", context: new RequestContext(), payload: creation(name) };
}

const operation = {
  point: serverCreate.name,
  payload: creation("web-1"),
  amendable: serverCreate.spec.amendable,
  result: { servers: [] },
};

describe("SamplePlugin does what every hook promises:", () => {
  for (const written of [{}, { namePattern: "^db-" }]) {
    for (const { name, run } of hookSuite(() => makeHook(written), [operation])) it(name, run);
  }
});

describe("SamplePlugin", () => {
  it("lets any name be as long as nobody sets a pattern", () => {
    assert.equal(makeHook().pre(eventOf("anything goes")), undefined);
  });

  it("refuses a server whose name does not match, and says why", () => {
    const hook = makeHook({ namePattern: "^[a-z]+-[0-9]+$" });
    assert.equal(hook.pre(eventOf("web-1")), undefined);
    assert.deepEqual(hook.pre(eventOf("Web")), { veto: "The name Web does not match ^[a-z]+-[0-9]+$." });
  });

  it("logs who asked for what", () => {
    const lines: LogFields[] = [];
    const event = eventOf("web-1");
    makeHook({}, { ...silentLogger, info: (fields) => lines.push(fields) }).post(event);
    assert.deepEqual(lines, [{ server: "web-1", requestId: event.context.requestId, projectId: undefined }]);
  });

  it("refuses a pattern that is none", () => {
    assert.equal(samplePluginOptions.schema.safeParse({ namePattern: "(" }).success, false);
  });
});
