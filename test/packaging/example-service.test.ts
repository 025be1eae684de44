import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OutsideFolder, outsideEnvironment } from "./outside-folder.js";
import { PackedPackages } from "./packed-packages.js";
import { Program } from "./program.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const inRepository = (name: string) => join(repository, `examples/example-service/dist/${name}.js`);

/** Options of both processes: they meet at the broker, each service on a host of its own. */
function configuration(example: Readonly<Record<string, unknown>> = {}): string {
  const url = process.env["KILONOVA_TEST_AMQP_URL"];
  if (!url) throw new Error("KILONOVA_TEST_AMQP_URL is not set: `npm test` sets it to a RabbitMQ of its own");
  return JSON.stringify({
    transport: { driver: "@kilonova/transport-rabbitmq#RabbitmqTransport" },
    rabbitmq: { url },
    service: { host: `host-${randomUUID().slice(0, 8)}`, state: "memory" },
    log: { level: "warn" },
    example,
    polite: { title: "esteemed" },
  });
}

let tarballs: string;
let packages: PackedPackages;
const programs: Program[] = [];

beforeAll(async () => {
  tarballs = await mkdtemp(join(tmpdir(), "kilonova-tarballs-"));
  packages = new PackedPackages(tarballs);
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop("SIGKILL")));
});
afterAll(() => rm(tarballs, { recursive: true, force: true }));

function start(file: string, cwd: string, ...args: readonly string[]): Program {
  const program = new Program(file, args, { cwd, env: outsideEnvironment() });
  programs.push(program);
  return program;
}

async function answer(client: string, cwd: string, ...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await start(client, cwd, ...args).ended();
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("the example service in the repository", () => {
  it("is called over RabbitMQ by a client in another process, drains at SIGTERM, and is gone", async () => {
    const folder = await OutsideFolder.create(packages);
    await folder.write("kilonova.config.json", configuration({ name: "doorman" }));
    const service = start(inRepository("example-service"), folder.path);
    await service.printed("topic example is served");

    const client = inRepository("example-client");
    expect(await answer(client, folder.path, "greet", "Ada")).toBe("doorman: Hello, Ada.");
    expect(await answer(client, folder.path, "rename", "usher")).toEqual({ before: "doorman" });
    expect(await answer(client, folder.path, "rename", "root")).toBe("nameTaken: root");
    expect(await answer(client, folder.path)).toEqual({ name: "usher", greetings: 1, sweeps: 1 });

    expect(await service.stop()).toMatchObject({ code: 0, stderr: "" });
    await expect(answer(client, folder.path, "greet", "Ada")).rejects.toThrow("example-client: Nobody listens");
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
    const folder = await OutsideFolder.create(packages);
    await folder.write("kilonova.config.json", configuration(example));
    const end = await start(inRepository("example-service"), folder.path).ended();
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
    program = await OutsideFolder.create(packages);
    cloud = await OutsideFolder.create(packages);
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
    const driver = "kilonova-example-greeting#PoliteGreeting";
    await cloud.write("kilonova.config.json", configuration({ name: "doorman", driver }));
    const service = start(program.command("example-service"), cloud.path);
    await service.printed("topic example is served");

    const client = program.command("example-client");
    expect(await answer(client, cloud.path, "greet", "Ada")).toBe("doorman: A very good day to you, esteemed Ada.");
    expect(await answer(client, cloud.path, "rename", "root")).toBe("nameTaken: root");
    expect(await service.stop()).toMatchObject({ code: 0, stderr: "" });
  });

  it("names a plugin that is the wrong thing", async () => {
    await cloud.write("kilonova.config.json", configuration({ manager: "kilonova-example-greeting#PoliteGreeting" }));
    const { code, stderr } = await start(program.command("example-service"), cloud.path).ended();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "option example.manager: kilonova-example-greeting#PoliteGreeting: expected a service, received class PoliteGreeting, which is no plugin.",
    );
  });
});
