import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { exampleConfiguration } from "./example-configuration.js";
import { OutsideFolder } from "./outside-folder.js";
import type { Program } from "./program.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const inRepository = (name: string) => join(repository, `examples/example-service/dist/${name}.js`);

/** Options of both processes: they meet at the broker, each service on a host of its own. */
async function configuration(example: Readonly<Record<string, unknown>> = {}, ...plugins: readonly string[]) {
  const url = process.env["KILONOVA_TEST_AMQP_URL"];
  if (!url) throw new Error("KILONOVA_TEST_AMQP_URL is not set: `npm test` sets it to a RabbitMQ of its own");
  const own = {
    rabbitmq: { url },
    service: { host: `host-${randomUUID().slice(0, 8)}` },
    log: { level: "warn" },
    example,
  };
  return JSON.stringify(await exampleConfiguration(["service", ...plugins], own));
}

const programs: Program[] = [];

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop("SIGKILL")));
});

function start(file: string, folder: OutsideFolder, ...args: readonly string[]): Program {
  const program = folder.start(file, ...args);
  programs.push(program);
  return program;
}

async function answer(client: string, folder: OutsideFolder, ...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await start(client, folder, ...args).ended();
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("the example service in the repository", () => {
  it("is called over RabbitMQ by a client in another process, drains at SIGTERM, and is gone", async () => {
    const folder = await OutsideFolder.create();
    await folder.write("kilonova.config.json", await configuration({ name: "doorman" }));
    const service = start(inRepository("example-service"), folder);
    await service.printed("ready example");

    const client = inRepository("example-client");
    expect(await answer(client, folder, "greet", "Ada")).toBe("doorman: Hello, Ada.");
    expect(await answer(client, folder, "rename", "usher")).toEqual({ before: "doorman" });
    expect(await answer(client, folder, "rename", "root")).toBe("nameTaken: root");
    expect(await answer(client, folder)).toEqual({ name: "usher", greetings: 1, sweeps: 1 });

    expect(await service.stop()).toMatchObject({ code: 0, stderr: "" });
    await expect(answer(client, folder, "greet", "Ada")).rejects.toThrow("example-client: Nobody listens");
    await folder.remove();
  });

  it.each([
    [
      { driver: "./nothing.js#Greeting" },
      1,
      "option example.driver: ./nothing.js#Greeting leads nowhere: there is no file",
    ],
    [
      { driver: "no-such-plugin#Greeting" },
      1,
      "package no-such-plugin (from no-such-plugin#Greeting) is not installed",
    ],
    [{ sweepInterval: "soon" }, 2, "example.sweepInterval"],
    [{ nmae: "doorman" }, 2, "example.nmae"],
  ])("ends with a sentence where its options are wrong: %j", async (example, code, words) => {
    const folder = await OutsideFolder.create();
    await folder.write("kilonova.config.json", await configuration(example));
    const end = await start(inRepository("example-service"), folder).ended();
    expect(end).toMatchObject({ code, stdout: "" });
    expect(end.stderr).toContain("example-service: ");
    expect(end.stderr).toContain(words);
    expect(end.stderr).not.toContain("    at ");
    await folder.remove();
  });
});

describe("the example service outside the repository", () => {
  let program: OutsideFolder;
  let cloud: OutsideFolder;

  beforeAll(async () => {
    program = await OutsideFolder.create();
    cloud = await OutsideFolder.create();
    await program.install("kilonova-example-service", "@kilonova/transport-rabbitmq");
    await cloud.install("kilonova-example-greeting");
  });
  afterAll(async () => {
    await program?.remove();
    await cloud?.remove();
  });

  it.each([
    ["@kilonova/plugin-api", "@kilonova/core"],
    ["@kilonova/messaging", "@kilonova/plugin-api"],
    ["@kilonova/config", "@kilonova/plugin-api"],
    ["tsyringe", "@kilonova/core"],
    ["zod", "@kilonova/plugin-api"],
  ])("has %s twice: beside the program, and beside the plugin and its configuration", async (name, from) => {
    const copies = [await program.locate(name, from), await cloud.locate(name, from)];
    const [ours, theirs] = copies;
    expect(ours?.startsWith(program.path)).toBe(true);
    expect(theirs?.startsWith(cloud.path)).toBe(true);
    expect(copies.filter((copy) => copy.startsWith(dirname(repository)))).toEqual([]);
  });

  it("loads the plugin by its object path from the configuration there, and is called over RabbitMQ", async () => {
    await cloud.write("kilonova.config.json", await configuration({ name: "doorman" }, "greeting"));
    const service = start(program.command("example-service"), cloud);
    await service.printed("ready example");

    const client = program.command("example-client");
    expect(await answer(client, cloud, "greet", "Ada")).toBe("doorman: A very good day to you, esteemed Ada.");
    expect(await answer(client, cloud, "rename", "root")).toBe("nameTaken: root");
    expect(await service.stop()).toMatchObject({ code: 0, stderr: "" });
  });

  it("names a plugin that is the wrong thing", async () => {
    const manager = "kilonova-example-greeting#PoliteGreeting";
    await cloud.write("kilonova.config.json", await configuration({ manager }));
    const { code, stderr } = await start(program.command("example-service"), cloud).ended();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "option example.manager: kilonova-example-greeting#PoliteGreeting of kilonova-example-greeting 0.1.0 (beside the configuration): expected a service, received class PoliteGreeting, which is no plugin.",
    );
  });
});
