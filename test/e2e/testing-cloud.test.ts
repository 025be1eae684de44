import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startTestingCloud, type TestingCloud } from "@kilonova/testing-cloud";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

/** As an author of plain JavaScript writes one who has no build, and nothing installed. */
const FILTER = `
const tag = Symbol.for("kilonova.plugin");
export class NameFilter {
  static [tag] = { kind: "filter", version: 1 };
  hostPasses(host, request) {
    return request.hints.wanted === undefined || { code: "unwanted", words: "are not what NameFilter wants" };
  }
}
`;

const HOOK = `
export class NameHook {
  pre({ payload }) {
    if (JSON.stringify(payload).includes("forbidden")) return { veto: "no server may have that name" };
  }
}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kilonova-testing-cloud-"));
});
afterAll(() => rm(folder, { recursive: true }));

function listeners(): readonly number[] {
  return ["SIGINT", "SIGTERM", "SIGHUP", "exit"].map((event) => process.listenerCount(event));
}

describe("a cloud for tests", () => {
  let cloud: TestingCloud;
  const before = listeners();
  beforeAll(async () => {
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "filter.js"), FILTER);
    cloud = await startTestingCloud({
      configurationDirectory: folder,
      configuration: { scheduler: { filters: ["./filter.js#NameFilter"] } },
    });
  });
  afterAll(() => cloud.close());

  it("makes servers that become ACTIVE, with addresses on a host, and go again", async () => {
    const id = await cloud.createServer({ name: "first", metadata: { color: "red" } });
    const server = await cloud.waitForServer(id, "ACTIVE");
    expect(server).toMatchObject({ id, name: "first", metadata: { color: "red" } });
    expect(Object.values(server.addresses).flat()).toHaveLength(1);
    expect(server["OS-EXT-SRV-ATTR:host"]).toBeTruthy();
    await cloud.deleteServer(id);
    await cloud.waitForServer(id, "DELETED");
    expect(await cloud.server(id)).toBeUndefined();
  });

  it("has the plugin in use that its configuration names, and tells why a server is in error", async () => {
    const id = await cloud.createServer({ hints: { wanted: "nothing" } });
    await expect(cloud.waitForServer(id, "ACTIVE")).rejects.toThrow("is not what NameFilter wants");
    const server = await cloud.waitForServer(id, "ERROR");
    expect(server.fault?.message).toContain("No valid host was found");
  });

  it("is reached by REST, as an administrator and as a user", async () => {
    const flavors = z.object({ flavors: z.array(z.object({ name: z.string() })) });
    for (const client of [cloud.admin, cloud.user]) {
      expect(await client.json(flavors, "GET", "compute", "/flavors")).toEqual({ flavors: [{ name: "sample" }] });
    }
    expect(await readFile(cloud.cloudsFile, "utf8")).toContain(cloud.endpoint);
    expect(await readFile(cloud.logFile, "utf8")).toContain("the service is up");
  });

  it("leaves nothing behind when it is closed, and may be closed again", async () => {
    const state = dirname(cloud.logFile);
    expect(existsSync(state)).toBe(true);
    await cloud.close();
    await cloud.close();
    expect(existsSync(dirname(state))).toBe(false);
    expect(listeners()).toEqual(before);
    await expect(fetch(cloud.endpoint)).rejects.toThrow();
  });
});

describe("a cloud for tests with plugins as if installed", () => {
  it("has their hooks at work", async () => {
    const plugin = join(folder, "plugin");
    await mkdir(plugin);
    const manifest = { api: ">=0.1.0 <2", hooks: [{ point: "server.create", export: "NameHook" }] };
    const description = { name: "@example/names", version: "1.0.0", type: "module", exports: "./index.js" };
    await writeFile(join(plugin, "package.json"), JSON.stringify({ ...description, kilonova: manifest }));
    await writeFile(join(plugin, "index.js"), HOOK);
    const cloud = await startTestingCloud({ plugins: [plugin] });
    try {
      await expect(cloud.createServer({ name: "forbidden" })).rejects.toThrow("no server may have that name");
      await cloud.waitForServer(await cloud.createServer({ name: "allowed" }), "ACTIVE");
    } finally {
      await cloud.close();
    }
  });
});

/** A program that starts a cloud, says where it is, and does the rest of what it is told to. */
const PROGRAM = `
import { dirname } from "node:path";
import { startTestingCloud } from ${JSON.stringify(import.meta.resolve("@kilonova/testing-cloud"))};
const cloud = await startTestingCloud();
console.log(dirname(dirname(cloud.logFile)));
process.stdin.on("data", () => process.exit(7)).resume();
`;

describe("a cloud for tests whose process leaves without closing it", () => {
  it.each([
    ["by Ctrl-C", (child: ChildProcessWithoutNullStreams) => child.kill("SIGINT"), [null, "SIGINT"]],
    ["by process.exit", (child: ChildProcessWithoutNullStreams) => child.stdin.write("leave"), [7, null]],
  ])("leaves nothing behind: %s", async (_, end, expected) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], { cwd: folder });
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const [line] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [Buffer | number];
    expect(errors).toBe("");
    const temporary = String(line).trim();
    const postmaster = await readFile(join(temporary, "state/postgresql/data/postmaster.pid"), "utf8");
    const [pid = "", , , , socketFolder = ""] = postmaster.split("\n");
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    const exited = once(child, "exit");
    end(child);
    expect(await exited).toEqual(expected);
    for (const path of [temporary, dirname(socketFolder)]) expect(existsSync(path), path).toBe(false);
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
  });
});
