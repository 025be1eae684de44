import { RequestContext, Runtime, Service } from "@kilonova/core";
import { serviceSuite } from "@kilonova/plugin-testing";
import { afterEach, describe, expect, it } from "vitest";
import { exampleContract } from "./contract.js";
import { ExampleManager } from "./manager.js";
import { exampleOptions } from "./options.js";
import { PlainGreeting } from "./plain-greeting.js";

// #region suite
describe("ExampleManager does what every service promises:", () => {
  const calls = [
    { method: "greet", args: { name: "Ada" } },
    { method: "rename", args: { name: "root" } },
    { method: "report" },
  ];
  const makeWorld = async () => ({
    manager: new ExampleManager(new PlainGreeting(), exampleOptions.schema.parse({})),
    calls,
    end: async () => {},
  });
  for (const { name, run } of serviceSuite(exampleContract, makeWorld)) it(name, run);
});
// #endregion

let runtime: Runtime | undefined;
afterEach(() => runtime?.close());

// #region started
async function startedService(example: Readonly<Record<string, unknown>> = {}) {
  runtime = await Runtime.create({
    program: "test",
    argv: [],
    env: {},
    searchFolders: [],
    groups: [exampleOptions],
    places: [import.meta.url],
    overrides: { example, log: { level: "silent" } },
  });
  const service = await Service.create({ runtime, topic: "example" });
  await service.serve();
  return { service, call: runtime.rpc.client(exampleContract).call, context: new RequestContext() };
}

it("greets by its driver and counts", async () => {
  const { call, context, service } = await startedService({ name: "doorman" });
  expect(await call.greet(context, { name: "Ada" })).toBe("doorman: Hello, Ada.");
  expect(await call.report(context)).toEqual({ name: "doorman", greetings: 1, sweeps: 1 });
  await service.stop();
});

// #endregion

it("is renamed, unless the name is reserved", async () => {
  const { call, context, service } = await startedService();
  expect(await call.rename(context, { name: "usher", tags: ["old-one", "new-one"] })).toEqual({
    ok: true,
    value: { before: "greeter" },
  });
  expect(await call.rename(context, { name: "root" })).toEqual({
    ok: false,
    refusal: "nameTaken",
    details: { name: "root" },
  });
  expect((await call.report(context)).name).toBe("usher");
  await service.stop();
});

it("refuses what its contract does not allow", async () => {
  const { call, context, service } = await startedService();
  await expect(call.greet(context, { name: "" })).rejects.toThrow("arguments of example.greet/name");
  await service.stop();
});

it("names a driver that is not there", async () => {
  await expect(startedService({ driver: "kilonova-example-service#Nobody" })).rejects.toThrow(
    /^option example\.driver: kilonova-example-service#Nobody .*leads nowhere: the module exports .*PlainGreeting/,
  );
});
