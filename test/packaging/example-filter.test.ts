import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RestClient } from "@kilonova/deployment";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { OutsideFolder, outsideEnvironment } from "./outside-folder.js";
import { PackedPackages } from "./packed-packages.js";
import { Program } from "./program.js";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../", import.meta.url));
const CONFIGURATION = "kilonova.config.yaml";
const ARGUMENTS = [
  "--compute.driver=@kilonova/virt-fake#FakeDriver",
  "--network.driver=@kilonova/network-fake#FakeNetworkDriver",
  "--http.port=0",
  "--state-dir=state",
];
const BUILD_TIME = 30_000;

const cloudsSchema = z.object({
  clouds: z.object({
    kilonova: z.object({
      auth: z.object({ auth_url: z.string(), username: z.string(), project_name: z.string(), password: z.string() }),
    }),
  }),
});
const serverSchema = z.object({
  server: z.object({ status: z.string(), fault: z.object({ message: z.string() }).optional() }),
});
const namedSchema = z.object({ id: z.string(), name: z.string() });

/** A cloud of one host, called gpu-1, that asks the outside filter. */
function configuration(reservedHosts: Readonly<Record<string, unknown>>): string {
  return stringify({
    service: { host: "gpu-1" },
    scheduler: {
      filters: ["@kilonova/filters-host#ComputeFilter", "kilonova-example-filter#ReservedHostFilter"],
    },
    reservedHosts,
  });
}

/** The ordinary user of the cloud whose state is in this folder. */
async function login(folder: OutsideFolder): Promise<RestClient> {
  const text = await readFile(join(folder.path, "state", "clouds.yaml"), "utf8");
  const { auth } = cloudsSchema.parse(parse(text)).clouds.kilonova;
  return RestClient.login({
    identityUrl: auth.auth_url,
    userName: auth.username,
    projectName: auth.project_name,
    password: auth.password,
  });
}

async function createServer(user: RestClient, flavor: string): Promise<string> {
  const { flavors } = await user.json(z.object({ flavors: z.array(namedSchema) }), "GET", "compute", "/flavors");
  const { images } = await user.json(z.object({ images: z.array(namedSchema) }), "GET", "image", "/v2/images");
  const made = await user.json(z.object({ server: z.object({ id: z.string() }) }), "POST", "compute", "/servers", {
    server: {
      name: `a-${flavor}-server`,
      flavorRef: flavors.find(({ name }) => name === flavor)?.id,
      imageRef: images[0]?.id,
      networks: "auto",
    },
  });
  return made.server.id;
}

/** The server once its build has come to an end. The API tells of no events, so it is asked again and again. */
async function built(user: RestClient, id: string): Promise<z.output<typeof serverSchema>["server"]> {
  for (const deadline = Date.now() + BUILD_TIME; ; ) {
    const { server } = await user.json(serverSchema, "GET", "compute", `/servers/${id}`);
    if (server.status !== "BUILD") return server;
    if (Date.now() > deadline) throw new Error(`server ${id} is still being built`);
    await sleep(50);
  }
}

describe("a filter from outside, in a cloud that npm installed", () => {
  let tarballs: string;
  let program: OutsideFolder;
  let site: OutsideFolder;
  const programs: Program[] = [];

  beforeAll(async () => {
    tarballs = await mkdtemp(join(tmpdir(), "kilonova-tarballs-"));
    const packages = new PackedPackages(tarballs);
    program = await OutsideFolder.create(packages);
    site = await OutsideFolder.create(packages);
    await program.install("kilonova");
    await site.install("kilonova-example-filter");
  });
  // By SIGTERM: a cloud that is killed leaves its PostgreSQL behind.
  afterEach(async () => {
    await Promise.all(programs.splice(0).map((each) => each.stop()));
  });
  afterAll(async () => {
    await program?.remove();
    await site?.remove();
    await rm(tarballs, { recursive: true, force: true });
  });

  function start(...args: readonly string[]): Program {
    const started = new Program(program.command("kilonova"), args, { cwd: site.path, env: outsideEnvironment() });
    programs.push(started);
    return started;
  }

  it("finds the command ready to run", async () => {
    const { stdout } = await run(program.command("kilonova"), ["--version"], { env: outsideEnvironment() });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("has plugin-api twice: beside the cloud, and beside the filter and its configuration", async () => {
    const copies = [
      await program.locate("@kilonova/plugin-api", "@kilonova/scheduler"),
      await site.locate("@kilonova/plugin-api", "kilonova-example-filter"),
    ];
    const [ours, theirs] = copies;
    expect(ours?.startsWith(program.path)).toBe(true);
    expect(theirs?.startsWith(site.path)).toBe(true);
    expect(copies.filter((copy) => copy.startsWith(dirname(repository)))).toEqual([]);
  });

  it("refuses an option that the filter does not have", async () => {
    await site.write(CONFIGURATION, configuration({ host: ["gpu-*"] }));
    const { code, stdout, stderr } = await start("up", ...ARGUMENTS).ended();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("reservedHosts.host");
    expect(stderr).not.toContain("    at ");
  });

  it("builds what the filter lets pass; what it refuses ends in ERROR, in the words of the filter", async () => {
    await site.write(CONFIGURATION, configuration({ hosts: ["gpu-*"], flavors: ["tiny"] }));
    const cloud = start("up", "--first-guest", ...ARGUMENTS);
    await cloud.printed("ready ");
    const user = await login(site);
    const [refused, passed] = [await createServer(user, "small"), await createServer(user, "tiny")];
    expect(await built(user, refused)).toEqual({
      status: "ERROR",
      fault: { message: "No valid host was found: 1 host: 1 is reserved for tiny." },
    });
    expect(await built(user, passed)).toEqual({ status: "ACTIVE" });
    expect(await cloud.stop()).toMatchObject({ code: 0 });
  });
});
