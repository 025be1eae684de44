import {
  MemoryTransport,
  MemoryWire,
  method,
  RequestContext,
  Rpc,
  type RpcHandler,
  rpcContract,
} from "@kilonova/messaging";
import { PLUGIN_KIND } from "@kilonova/plugin-api";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace-node";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type LogLine, recordingLogger } from "../testing/recording-logger.js";
import { traceDriver } from "./driver-spans.js";
import { rpcSpans } from "./rpc-spans.js";
import { inSpan, isTraced } from "./span.js";
import { Tracing } from "./tracing.js";

const contract = rpcContract("traced", "1.0", {
  ask: method({ args: z.object({ name: z.string() }), result: z.string() }),
  fail: method({}),
});

/** What is stopped after a test, the last first. */
let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  ends = [];
});

function startTracing(exporter: SpanExporter, ratio = 1, lines: LogLine[] = []): Tracing {
  const tracing = Tracing.start(
    exporter,
    { exporter: "x", ratio },
    { name: "test", host: "one" },
    recordingLogger(lines),
  );
  ends.push(() => tracing.stop());
  return tracing;
}

/** What a process exports by its end: by its name, each span. */
async function exportedBy(work: () => Promise<unknown>, ratio = 1): Promise<readonly ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  const exporter: SpanExporter = {
    export: (batch, done) => {
      spans.push(...batch);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const tracing = startTracing(exporter, ratio);
  await work();
  await tracing.stop();
  return spans;
}

async function world(handlers: Readonly<Record<string, RpcHandler>>) {
  const wire = new MemoryWire();
  const [client, server] = [0, 1].map(() => new Rpc(new MemoryTransport(wire), { observers: [rpcSpans] }));
  if (!client || !server) throw new Error("no world");
  const endpoint = { contract, handlers: new Map(Object.entries(handlers)) };
  const listener = await server.serve({ topic: "traced", server: "one" }, [endpoint]);
  ends.push(() => listener.stop());
  return client.client(contract);
}

describe("traces of a process", () => {
  it("follow a call to the one who answers, and what it does there", async () => {
    const client = await world({ ask: async () => inSpan("inside", {}, async () => "hello") });
    const spans = await exportedBy(() =>
      inSpan("request", {}, () => client.call.ask(RequestContext.admin(), { name: "x" })),
    );
    const byName = spans.map(({ name, kind, parentSpanContext }) => [
      name,
      kind,
      spans.find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.kind,
    ]);
    expect(byName).toEqual([
      ["inside", SpanKind.INTERNAL, SpanKind.SERVER],
      ["traced.ask", SpanKind.SERVER, SpanKind.CLIENT],
      ["traced.ask", SpanKind.CLIENT, SpanKind.INTERNAL],
      ["request", SpanKind.INTERNAL, undefined],
    ]);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it("are begun by no message: what nobody asked for is in none", async () => {
    const seen: boolean[] = [];
    const client = await world({ ask: async () => `hello ${seen.push(isTraced())}` });
    const spans = await exportedBy(() => client.call.ask(RequestContext.admin(), { name: "x" }));
    expect(spans).toEqual([]);
    expect(seen).toEqual([false]);
  });

  it("say of what failed its code, and none of its words", async () => {
    const client = await world({
      fail: async () => {
        throw new Error("the password is swordfish");
      },
    });
    const spans = await exportedBy(() =>
      inSpan("request", {}, () => client.call.fail(RequestContext.admin(), {}).catch(() => {})),
    );
    expect(spans.map(({ name, status, attributes }) => [name, status, attributes["error.type"]])).toEqual([
      ["traced.fail", { code: SpanStatusCode.ERROR }, "Error"],
      ["traced.fail", { code: SpanStatusCode.ERROR }, "rpc.failed"],
      ["request", { code: SpanStatusCode.UNSET }, undefined],
    ]);
    expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toContain("swordfish");
  });

  it("are kept in the share that is asked for", async () => {
    expect(await exportedBy(() => inSpan("request", {}, async () => {}), 0)).toEqual([]);
  });

  it("show what a driver does for a request, and leave it as it is for anybody else", async () => {
    class Driver {
      static readonly [PLUGIN_KIND] = { kind: "virt-driver", version: 1 };
      #spawned = 0;
      async spawn(by: number) {
        this.#spawned += by;
        return this.#spawned;
      }
    }
    const driver = new Driver();
    traceDriver(driver);
    const spans = await exportedBy(async () => {
      expect(await driver.spawn(1)).toBe(1);
      expect(await inSpan("request", {}, () => driver.spawn(2))).toBe(3);
    });
    expect(spans.map(({ name, attributes }) => [name, attributes["code.function.name"]])).toEqual([
      ["virt-driver.spawn", "Driver.spawn"],
      ["request", undefined],
    ]);
  });

  it("hold up nobody who leaves: an exporter that never answers is waited for a short time", async () => {
    const lines: LogLine[] = [];
    const deaf: SpanExporter = { export: () => {}, shutdown: () => new Promise(() => {}) };
    const tracing = startTracing(deaf, 1, lines);
    await inSpan("request", {}, async () => {});
    await tracing.stop();
    expect(lines.map(({ message }) => message)).toContain("the last spans could not be exported");
  }, 20_000);

  it("are over when the process has stopped them", async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = startTracing(exporter);
    await tracing.stop();
    await inSpan("request", {}, async () =>
      expect(trace.getSpan(context.active())?.isRecording() ?? false).toBe(false),
    );
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});
