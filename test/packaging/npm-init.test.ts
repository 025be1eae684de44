import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OutsideFolder } from "./outside-folder.js";
import type { Program } from "./program.js";

const DEVICES = [
  "--compute.driver=@kilonova/virt-fake#FakeDriver",
  "--network.driver=@kilonova/network-fake#FakeNetworkDriver",
  "--http.port=0",
];

const programs: Program[] = [];
// By SIGTERM: a cloud that is killed leaves its PostgreSQL behind.
afterEach(async () => {
  await Promise.all(programs.splice(0).map((each) => each.stop()));
});

function start(folder: OutsideFolder, file: string, ...args: readonly string[]): Program {
  const program = folder.start(file, ...args);
  programs.push(program);
  return program;
}

/** What a command that prints JSON says; fails with its complaints. */
async function said(program: Program): Promise<unknown> {
  const { code, stdout, stderr } = await program.ended();
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("npm init kilonova", () => {
  let parent: OutsideFolder;
  let cloud: OutsideFolder;
  beforeAll(async () => {
    parent = await OutsideFolder.create();
    await parent.npm("init", "--yes", "kilonova", "my-cloud");
    cloud = parent.inner("my-cloud");
  });
  afterAll(() => parent?.remove());

  it("makes a folder in which the command is installed and finds nothing wrong", async () => {
    expect(await start(cloud, cloud.command("kilonova"), "config", "check").ended()).toMatchObject({ code: 0 });
  });

  it("has a cloud there by one more command, with its state in the same folder", async () => {
    const up = start(cloud, cloud.command("kilonova"), "up", ...DEVICES);
    await up.printed("ready http://");
    expect(await readdir(join(cloud.path, ".kilonova"))).toContain("clouds.yaml");
    expect(await up.stop()).toMatchObject({ code: 0 });
  });

  it("has a plugin available as soon as npm has installed it there", async () => {
    await cloud.install("kilonova-example-filter");
    const plugins = await said(start(cloud, cloud.command("kilonova"), "plugins", "list", "--json"));
    expect(plugins).toContainEqual(
      expect.objectContaining({ name: "kilonova-example-filter", from: "configuration", problems: [] }),
    );
    expect(await start(cloud, cloud.command("kilonova"), "plugins", "check").ended()).toMatchObject({ code: 0 });
  });

  it("refuses a folder that has one already", async () => {
    await expect(parent.npm("init", "--yes", "kilonova", "my-cloud")).rejects.toThrow("name another folder");
  });
});

describe("npm install --global kilonova", () => {
  let prefix: OutsideFolder;
  let site: OutsideFolder;
  beforeAll(async () => {
    [prefix, site] = [await OutsideFolder.create(), await OutsideFolder.create()];
    await mkdir(join(prefix.path, "lib"), { recursive: true });
    await prefix.npm("install", "--global", "--prefix", prefix.path, "--no-audit", "--no-fund", "kilonova");
  });
  afterAll(async () => {
    await prefix?.remove();
    await site?.remove();
  });
  const globalCommand = (name: string) => join(prefix.path, "bin", name);

  it.each(["kilonova", "kilonova-compute", "kilonova-conductor"])("has the command %s", async (name) => {
    const { code, stdout } = await start(site, globalCommand(name), "--version").ended();
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it("finds plugins that npm installed beside the configuration, not beside the command", async () => {
    await site.write("kilonova.config.yaml", "scheduler:\n  filters: [ComputeFilter, ReservedHostFilter]\n");
    await site.install("kilonova-example-filter");
    const plugins = await said(start(site, globalCommand("kilonova"), "plugins", "list", "--json"));
    expect(plugins).toContainEqual(expect.objectContaining({ name: "kilonova-example-filter", from: "configuration" }));
    expect(await start(site, globalCommand("kilonova"), "config", "check").ended()).toMatchObject({ code: 0 });
  });
});
