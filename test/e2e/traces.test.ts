import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { RestClient } from "@kilonova/deployment";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { login, makeServers, seed, untilIdle } from "./many-servers.js";
import { PROCESS_NAMES, SeparateProcesses } from "./separate-processes.js";
import { type CollectedSpan, TraceCollector } from "./trace-collector.js";

const REQUEST = "POST /compute/v2.1/servers";
const EXPORTER = "@opentelemetry/exporter-trace-otlp-http";

describe("a cloud that exports its traces", () => {
  let cloud: SeparateProcesses;
  let collector: TraceCollector;
  let admin: RestClient;
  let refs: object;

  beforeAll(async () => {
    collector = await TraceCollector.start();
    // The exporter and the SDK take these from the environment, as they do in any program.
    vi.stubEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.url);
    vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "100");
    cloud = await SeparateProcesses.prepare("fake", ["--tracing.exporter", `${EXPORTER}#OTLPTraceExporter`]);
    await install(cloud.folder, EXPORTER);
    await cloud.migrate();
    for (const name of PROCESS_NAMES) await cloud.startProcess(name);
    admin = await login(cloud.cloudsFile, "kilonova-admin");
    refs = await seed(admin);
  });
  afterAll(async () => {
    await cloud?.destroy();
    vi.unstubAllEnvs();
  });

  it("shows the making of a server as one trace through five processes", async () => {
    const [id = ""] = await makeServers(admin, refs, 1);
    await untilIdle(admin, [id]);

    await expect.poll(() => namesOf(collector.spans), PATIENCE).toContain(REQUEST);
    const root = rootOf(collector);
    await expect
      .poll(() => namesOf(collector.trace(root.traceId)), PATIENCE)
      .toEqual(expect.arrayContaining(["virt-driver.spawn", "network-driver.plug", "conductor.finishOperation"]));
    const trace = collector.trace(root.traceId);
    expect(new Set(trace.map(({ service }) => service))).toEqual(
      new Set(["kilonova-api", "kilonova-conductor", "kilonova-scheduler", "kilonova-compute", "kilonova"]),
    );
    expect(namesOf(trace)).toEqual(
      expect.arrayContaining(["scheduler.selectDestinations", "sql insert", "sql select"]),
    );
    expect(strangers(trace)).toEqual([root]);
  });

  it("goes on with the trace of a client that has one", async () => {
    const [traceId, spanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
    const headers = { traceparent: `00-${traceId}-${spanId}-01` };
    const { status } = await fetch(`${cloud.apiUrl}/compute/v2.1/servers`, { headers });
    expect(status).toBe(401);
    const seen = () => collector.trace(traceId).map(({ name, parentSpanId }) => [name, parentSpanId]);
    await expect.poll(seen, PATIENCE).toContainEqual(["GET /compute/v2.1/servers", spanId]);
  });

  it("shows places for values, and no values", async () => {
    const texts = JSON.stringify(collector.spans);
    expect(texts).toContain("$1");
    expect(texts).not.toContain("server-0");
  });

  it("serves while nobody takes its traces, and says so", async () => {
    await collector.stop();
    const [id = ""] = await makeServers(admin, refs, 1);
    await untilIdle(admin, [id]);
    await cloud.process("api").until(/traces are in trouble/);
  });
});

const PATIENCE = { timeout: 20_000, interval: 100 };

function rootOf(collector: TraceCollector): CollectedSpan {
  const found = collector.spans.find(({ name }) => name === REQUEST);
  if (!found) throw new Error("nobody saw the request");
  return found;
}

/** Those whose parent is not in the trace: of a whole one, the first alone. */
function strangers(trace: readonly CollectedSpan[]): readonly CollectedSpan[] {
  const known = new Set(trace.map(({ spanId }) => spanId));
  return trace.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId));
}

function namesOf(spans: readonly CollectedSpan[]): readonly string[] {
  return [...new Set(spans.map(({ name }) => name))];
}

/** As npm would have it beside the configuration. */
async function install(folder: string, name: string): Promise<void> {
  const place = join(folder, "node_modules", name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), place);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: "*" } }));
}
