import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RequestContext } from "@kilonova/messaging";
import { hook } from "@kilonova/plugin-api";
import { afterEach, describe, expect, it } from "vitest";
import { Runtime } from "../runtime.js";
import { configurationOf } from "../testing/configuration.js";
import { pluginFolder } from "../testing/plugin-folder.js";
import { PLUGIN_API_VERSION } from "./api-version.js";

const asking = (name: string) =>
  `static [Symbol.for("kilonova.metadata")] = { inject: [{ index: 0, token: Symbol.for("kilonova.token:${name}") }] };`;
const HOOKS = `
export class OfHost { ${asking("host")} constructor(host) { this.host = host; } pre() { return { veto: "by " + this.host }; } }
export class OfNothing { ${asking("weather")} constructor(weather) {} post() {} }
export class Unsaid { constructor(something) {} post() {} }
export class Unmakeable { constructor() { throw new Error("no disk"); } post() {} }
`;

class Greeter {
  @hook("example.greet") async greet(_context: RequestContext) {
    return "hello";
  }
}

let runtimes: Runtime[] = [];
afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
  runtimes = [];
});

/** A process whose configuration is in a folder below that with the package.json, which enters these hooks. */
async function processWith(hooks: readonly object[], dependencies = { acme: "*" }) {
  const directory = await pluginFolder(
    { acme: { kilonova: { api: `^${PLUGIN_API_VERSION}`, hooks }, index: HOOKS } },
    { "package.json": JSON.stringify({ dependencies }), "conf/kilonova.config.yaml": "" },
  );
  const file = join(directory, "kilonova.log");
  const values = { service: { host: "node1", loopLagLimit: 0 }, log: { level: "info", file } };
  const runtime = await Runtime.create({ configuration: await configurationOf(values, join(directory, "conf")) });
  runtimes.push(runtime);
  const logged = async (message: string) => {
    runtime.logger.flush();
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
  };
  const greeter = () => runtime.container.adopt(new Greeter());
  return { runtime, directory, logged, greet: async () => greeter().greet(runtime.context()), greeter };
}

const entry = (name: string, more = {}) => ({ point: "example.greet", export: name, ...more });

describe("the hooks of a process", () => {
  it("enter from the package.json above its configuration, and the log says where it looked and what came of it", async () => {
    const { runtime, directory, greet, logged } = await processWith([entry("OfHost")]);
    await expect(greet()).rejects.toThrow("by node1");
    expect(await logged("the plugins were looked for")).toEqual([]);
    runtime.started();
    expect(await logged("the plugins were looked for")).toMatchObject([
      { packageFile: join(directory, "package.json"), plugins: 1, hooks: ["acme#OfHost at example.greet"] },
    ]);
    expect(await logged("a package is not installed")).toEqual([]);
  });

  it("are missed in the log where the package of one is not installed", async () => {
    const { directory, logged } = await processWith([], { acme: "*", guard: "*" } as { acme: string });
    expect(await logged("a package is not installed")).toMatchObject([
      {
        package: "guard",
        error: `${directory}/package.json depends on guard, and it is not installed; run npm install there`,
      },
    ]);
  });

  it("that can only come after the method are not made before it, and keep it from nothing", async () => {
    const { greet, logged } = await processWith([entry("Unmakeable")]);
    expect(await greet()).toBe("hello");
    expect(await logged("a hook failed")).toMatchObject([{ hook: "acme#Unmakeable", step: "post" }]);
  });

  it.each([
    [
      "OfNothing",
      /^acme#OfNothing of acme .* asks for weather in parameter 1 of its constructor, which nobody registered\.$/,
    ],
    ["Unsaid", /^Unsaid does not say by one @inject, @options or @driver what parameter 1 of its constructor is\.$/],
  ])("that cannot be made are told when their point is woven: %s", async (name, words) => {
    const { greeter } = await processWith([entry(name)]);
    expect(greeter).toThrow(words);
    const open = await processWith([entry(name, { failure: "open" })]);
    expect(await open.greet()).toBe("hello");
    expect(await open.logged("a hook cannot be made")).toMatchObject([
      { hook: `acme#${name}`, error: expect.stringMatching(words) },
    ]);
  });

  it("that ask for what is elsewhere leave a process alone that has not their point", async () => {
    const { runtime } = await processWith([{ point: "server.create", export: "OfNothing" }]);
    expect(runtime.hooks.points()).toEqual(["server.create"]);
  });
});
