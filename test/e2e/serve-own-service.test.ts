import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { CloudProcess, COMMAND } from "./cloud-process.js";

const built = (name: string) => JSON.stringify(fileURLToPath(import.meta.resolve(`@kilonova/${name}`)));
const http = JSON.stringify(fileURLToPath(new URL("../../packages/http/dist/index.js", import.meta.url)));

/** What an outsider writes: a manager, a web service, a transport; all unknown to us. */
const FILES = {
  "manager.mjs": `
    import { Manager, manager, method, rpcContract, rpcMethod } from ${built("core")};
    const say = (words) => process.stdout.write(words + " " + process.pid + "\\n");
    export class Bakery extends Manager {
      async initHost({ signal }) {
        say("initHost");
        if (process.env.SLOW) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }
      async cleanupHost() { say("cleanupHost"); }
      async reset() { say("reset"); }
      async bake() {}
    }
    manager(rpcContract("bakery", "1.0", { bake: method({}) }))(Bakery);
    rpcMethod()(Bakery.prototype, "bake", {});`,
  "web.mjs": `
    import { declareRoute, identityFaults, route } from ${http};
    import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
    const smell = declareRoute({ method: "GET", path: "/smell", policy: "public", replies: { 200: z.object({ pid: z.number() }) } });
    class Counter { async smell() { return { status: 200, body: { pid: process.pid } }; } }
    route(smell)(Counter.prototype, "smell", Object.getOwnPropertyDescriptor(Counter.prototype, "smell"));
    export class Shop {
      webService() {
        const controllers = [new Counter()];
        const reset = async () => { process.stdout.write("web reset " + process.pid + "\\n"); };
        return { name: "shop", root: "/bakery/v1", controllers, faultStyle: identityFaults, authenticators: [], policies: {}, reset };
      }
    }`,
  "transport.mjs": `
    import { MemoryTransport } from ${built("messaging")};
    export class Lonely extends MemoryTransport {}`,
  "kilonova.config.yaml": `
    service: { state: memory }
    log: { level: warn }
    http: { port: 0 }
    bakery: { manager: "./manager.mjs#Bakery", web: "./web.mjs#Shop" }
    butcher: { manager: "./not-here.mjs#Butcher", knives: 7 }`,
};

const SHARED = ["--transport.driver", "./transport.mjs#Lonely", "--service.workers"];
const readySchema = z.tuple([z.string(), z.string()]);
const answerSchema = z.object({ pid: z.number() });

let folder: string;
const started: CloudProcess[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "kilonova-e2e-")));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
});
afterEach(async () => {
  for (const process of started.splice(0)) await process.end("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

function launch(args: readonly string[], more: { env?: Record<string, string>; file?: string } = {}): CloudProcess {
  const process = CloudProcess.launch(args, { cwd: folder, ...more });
  started.push(process);
  return process;
}

async function endpointOf(process: CloudProcess): Promise<string> {
  const [, endpoint] = readySchema.parse([...(await process.until(/^ready bakery (http:\S+)$/m))]);
  return endpoint;
}

describe("a service that we do not know, named by option <name>.manager", () => {
  it("is served as our own are, with its web service, and says that it is well", async () => {
    const process = launch(["serve", "bakery"]);
    const endpoint = await endpointOf(process);
    expect(answerSchema.parse(await (await fetch(`${endpoint}/bakery/v1/smell`)).json()).pid).toBe(process.child.pid);
    expect(await (await fetch(`${endpoint}/healthcheck`)).json()).toEqual({ status: "ok" });
    process.child.kill("SIGHUP");
    await process.until(/^reset \d+$[\s\S]*^web reset \d+$/m);
    expect(await process.end()).toBe(0);
    expect(process.output).toContain("cleanupHost");
  });

  it("gives its start up at SIGTERM", async () => {
    const process = launch(["serve", "bakery"], { env: { SLOW: "yes" } });
    await process.until(/initHost/);
    process.child.kill("SIGHUP");
    expect(await process.end()).toBe(1);
    expect(process.output).toContain("kilonova: The start was interrupted; what had been started is stopped again.");
    expect(process.output).toContain("cleanupHost");
    expect(process.output).not.toContain("ready");
  });

  it("is served by workers that share one port, of which one that died is replaced", async () => {
    const process = launch(["serve", "bakery", ...SHARED, "2"]);
    const endpoint = await endpointOf(process);
    const first = await answering(endpoint, 2);
    expect(first.has(process.child.pid ?? 0)).toBe(false);
    const [victim = 0] = first;
    global.process.kill(victim, "SIGKILL");
    await process.until(/a worker died; it is replaced[\s\S]*initHost/);
    const second = await answering(endpoint, 2, [victim]);
    expect([...second].filter((pid) => first.has(pid))).toHaveLength(1);
    expect(await process.end()).toBe(0);
    expect(process.output.match(/^ready/gm)).toHaveLength(1);
    expect(process.output.match(/^cleanupHost/gm)).toHaveLength(2);
  });

  it("has no options but those that its package declares", async () => {
    const process = launch(["serve", "bakery", "--bakery.mananger", "./manager.mjs#Bakery", "--bakery.flour", "rye"]);
    expect(await process.exit()).toBe(2);
    expect(process.output).toContain("did you mean bakery.manager?");
    expect(process.output).toContain("bakery.flour (command line --bakery.flour): expected a known option");
    expect(process.output).not.toContain("butcher");
  });

  it("shares a port of its own choice among its workers, and refuses one that is taken before they start", async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, "127.0.0.1", () => resolve((holder.address() as AddressInfo).port));
    });
    const args = ["serve", "bakery", ...SHARED, "2", "--http.port", String(port)];
    const refused = launch(args);
    expect(await refused.exit()).toBe(1);
    expect(refused.output).toContain(`Port ${port} of 127.0.0.1`);
    expect(refused.output).not.toContain("initHost");
    await new Promise((resolve) => holder.close(resolve));
    const process = launch(args);
    const endpoint = await endpointOf(process);
    expect(endpoint).toBe(`http://127.0.0.1:${port}`);
    expect((await answering(endpoint, 2)).size).toBe(2);
    expect(await process.end()).toBe(0);
  });

  it("cannot be served by workers over memory", async () => {
    const process = launch(["serve", "bakery", "--service.workers", "2"]);
    expect(await process.exit()).toBe(2);
    expect(process.output).toContain("service.workers (command line --service.workers): expected 1 over");
    expect(process.output).not.toContain("initHost");
  });
});

/** The processes that answer, as soon as there are so many of them. */
async function answering(endpoint: string, count: number, without: readonly number[] = []): Promise<Set<number>> {
  const pids = new Set<number>();
  while (pids.size < count) {
    const answer = await fetch(`${endpoint}/bakery/v1/smell`, { headers: { connection: "close" } }).catch(
      () => undefined,
    );
    const pid = answer && answerSchema.parse(await answer.json()).pid;
    if (pid !== undefined && !without.includes(pid)) pids.add(pid);
  }
  return pids;
}

describe("the programs kilonova-<name>", () => {
  const SERVICES = ["api", "compute", "conductor", "identity", "image", "network", "placement", "scheduler"];
  const fileOf = (service: string) => join(dirname(COMMAND), `kilonova-${service}.js`);

  it("are our eight services", async () => {
    const manifest = z
      .object({ bin: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(join(dirname(COMMAND), "..", "..", "package.json"), "utf8")));
    const programs = Object.fromEntries(
      SERVICES.map((service) => [`kilonova-${service}`, `./dist/bins/kilonova-${service}.js`]),
    );
    expect(manifest.bin).toEqual({ kilonova: "./dist/bins/kilonova.js", ...programs });
  });

  it.each(SERVICES)("serve the service of their name: %s", async (service) => {
    const process = launch(["--help"], { file: fileOf(service) });
    expect(await process.exit()).toBe(0);
    expect(process.output).toMatch(new RegExp(`--${service}\\.(manager|web) `));
  });

  it("say what a service of ours needs", async () => {
    const process = launch([], { file: fileOf("placement") });
    expect(await process.exit()).toBe(2);
    expect(process.output).toContain("database.url");
  });

  it("say which release they are", async () => {
    const process = launch(["--version"], { file: fileOf("conductor") });
    expect(await process.exit()).toBe(0);
    expect(process.output).toBe("0.1.0\n");
  });
});
