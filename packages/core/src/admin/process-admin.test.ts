import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isKilonovaError, method, ok, RequestContext, refused, rpcContract } from "@kilonova/messaging";
import { HOST } from "@kilonova/plugin-api";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Runtime } from "../runtime.js";
import { Service } from "../service/service.js";
import { configurationOf } from "../testing/configuration.js";
import { testFolder } from "../testing/folder.js";
import { lifeContract, SCRIPT } from "../testing/life-manager.js";

const MANAGER = `${fileURLToPath(new URL("../testing/life-manager.ts", import.meta.url))}#LifeManager`;
const readinessSchema = z.object({ checks: z.record(z.string(), z.string()) });

const contract = rpcContract("answers", "1.0", {
  work: method({ args: z.object({ how: z.string() }), refusals: { busy: z.object({}) } }),
});

let runtime: Runtime | undefined;
afterEach(() => runtime?.close());

/** A process that answers on a unix socket. */
async function observed(values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}) {
  const folder = await testFolder({});
  const path = join(folder, "admin.sock");
  const made = await Runtime.create({
    configuration: await configurationOf({ admin: { listen: path }, ...values }, folder),
  });
  runtime = made;
  return { runtime: made, path };
}

function ask(socketPath: string, path: string, verb = "GET"): Promise<{ status: number; type: string; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: verb, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body }),
      );
    });
    asked.once("error", reject).end();
  });
}

const scrape = async (path: string) => (await ask(path, "/metrics")).body;
const readiness = async (path: string) => {
  const { status, body } = await ask(path, "/readyz");
  return { status, ...readinessSchema.parse(JSON.parse(body)) };
};

describe("a process that nobody is to ask", () => {
  it("does not listen, and has nobody stand round its messages", async () => {
    runtime = await Runtime.create({ configuration: await configurationOf({}, await testFolder({})) });
    expect(runtime.admin).toBeUndefined();
  });
});

describe("a process that is watched", () => {
  it("is alive from the start, and ready from the time that it serves until it stops", async () => {
    const { runtime: made, path } = await observed();
    made.container.register(SCRIPT, { events: [] });
    made.container.register(HOST, "node1");
    expect((await ask(path, "/healthz")).status).toBe(200);
    const service = await Service.create({ runtime: made, binary: "kilonova-life", manager: MANAGER, host: "node1" });
    expect(await readiness(path)).toMatchObject({
      status: 503,
      checks: { process: "starting", "service life on node1": "starting", transport: "ok" },
    });
    await service.serve();
    made.started();
    expect(await readiness(path)).toMatchObject({ status: 200, checks: { "service life on node1": "ok" } });
    await service.stop();
    expect(await readiness(path)).toMatchObject({ status: 503, checks: { "service life on node1": "stopped" } });
  });

  it("tells what its tasks did and what waits in its queues", async () => {
    const { runtime: made, path } = await observed();
    made.container.register(SCRIPT, { events: [] });
    const service = await Service.create({ runtime: made, binary: "kilonova-life", manager: MANAGER, host: "node1" });
    await service.serve();
    await made.rpc.client(lifeContract).call.work(RequestContext.admin());
    const text = await scrape(path);
    expect(text).toContain('kilonova_queue_messages{topic="life",server="node1",kind="call"} 0');
    expect(text).toContain('kilonova_queue_messages{topic="life",server="",kind="dead"} 0');
    expect(text).toContain('kilonova_task_runs_total{service="life",task="');
    expect(text).toContain("kilonova_hook_runs_total");
    expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
    expect(text).toContain("process_resident_memory_bytes");
    await service.stop();
  });

  it("measures messages on both sides, by what became of them", async () => {
    const { runtime: made, path } = await observed();
    const { rpc } = made;
    const handler = async (_context: RequestContext, { how }: { how: string }) => {
      if (how === "refuse") return refused("busy", {});
      if (how === "fail") throw new Error("no");
      const during = await scrape(path);
      expect(during).toContain('kilonova_rpc_server_in_flight{topic="answers"} 1');
      return ok();
    };
    const handlers = new Map([["work", handler as never]]);
    const listener = await rpc.serve({ topic: "answers", server: "one" }, [{ contract, handlers }]);
    const { call } = rpc.client(contract);
    const context = RequestContext.admin();
    for (const how of ["do", "do", "refuse"]) await call.work(context, { how });
    await expect(call.work(context, { how: "fail" })).rejects.toThrow("no");
    await listener.stop();
    await expect(call.work(context, { how: "do" })).rejects.toThrow();

    const text = await scrape(path);
    const count = (side: string, outcome: string) =>
      `kilonova_rpc_${side}_duration_seconds_count{topic="answers",contract="answers",method="work",kind="call",outcome="${outcome}"}`;
    for (const [side, outcome, times] of [
      ["server", "ok", 2],
      ["server", "refused", 1],
      ["server", "rpc.failed", 1],
      ["client", "ok", 2],
      ["client", "refused", 1],
      ["client", "rpc.failed", 1],
      ["client", "rpc.noListener", 1],
    ] as const)
      expect(text).toContain(`${count(side, outcome)} ${times}`);
    expect(text).toContain('kilonova_rpc_server_in_flight{topic="answers"} 0');
    expect(text).toContain('kilonova_rpc_server_failures_total{topic="answers",code="rpc.failed"} 1');
  });

  it("names no method that no contract has", async () => {
    const { runtime: made, path } = await observed();
    await made.rpc.serve({ topic: "answers", server: "one" }, [{ contract, handlers: new Map() }]);
    const unknown = rpcContract("answers", "1.0", { nonsense: method({}) });
    await expect(made.rpc.client(unknown).call.nonsense(RequestContext.admin())).rejects.toThrow();
    const text = await scrape(path);
    expect(text).not.toMatch(/rpc_server_duration.*nonsense/);
    expect(text).toContain('kilonova_rpc_server_failures_total{topic="answers",code="rpc.unknownMethod"} 1');
  });

  it("leaves out what cannot be read, and counts it", async () => {
    const { runtime: made, path } = await observed();
    const gauge = { type: "gauge", help: "A test's." } as const;
    made.metrics.add({ labels: [], metrics: { kilonova_broken: gauge } }, async () => {
      throw new Error("no database");
    });
    made.metrics.add({ labels: ["of"], metrics: { kilonova_whole: gauge } }, () => [
      { labels: { of: "one" }, values: { kilonova_whole: 7 } },
    ]);
    const text = await scrape(path);
    expect(text).toContain('kilonova_whole{of="one"} 7');
    expect(await scrape(path)).toContain("kilonova_metrics_failures_total 2");
  });

  it.each([
    ["GET", "/", 404],
    ["POST", "/metrics", 405],
    ["HEAD", "/readyz", 503],
  ])("answers %s %s with %i", async (verb, url, status) => {
    const { path } = await observed();
    expect((await ask(path, url, verb)).status).toBe(status);
  });

  it("does not start where its address is taken", async () => {
    const { path } = await observed();
    const folder = await testFolder({});
    const configuration = await configurationOf({ admin: { listen: path } }, folder);
    const error: unknown = await Runtime.create({ configuration }).catch((thrown: unknown) => thrown);
    expect(isKilonovaError(error, "listen.failed")).toBe(true);
    expect(String(error)).toContain("option admin.listen");
  });
});
