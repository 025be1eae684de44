import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { transportSuite } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

let folder: string;
let socket: string;
let hub: SamplePlugin;

async function connected(written: Readonly<Record<string, unknown>> = {}): Promise<SamplePlugin> {
  const transport = new SamplePlugin(samplePluginOptions.schema.parse({ socket, ...written }));
  await transport.connect();
  return transport;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sample-plugin-"));
  socket = join(folder, "hub.sock");
  hub = await connected({ serve: true });
});
after(async () => {
  await hub.close();
  await rm(folder, { recursive: true });
});

describe("SamplePlugin does what every transport promises:", () => {
  for (const { name, run } of transportSuite(() => connected())) it(name, run);
});

describe("SamplePlugin", () => {
  it("lets nobody else to its socket", async () => {
    assert.equal((await stat(socket)).mode & 0o777, 0o600);
  });

  it("says so where nobody serves the socket, and where somebody does already", async () => {
    const missing = connected({ socket: join(folder, "nobody.sock"), connectTimeout: "100ms" });
    await assert.rejects(missing, { code: "transport.unreachable" });
    await assert.rejects(connected({ serve: true }), { code: "listen.failed" });
  });

  it("listens again when the process that serves the socket is back", async () => {
    const path = join(folder, "other.sock");
    const first = await connected({ socket: path, serve: true });
    const listening = await connected({ socket: path });
    await listening.listen({ topic: "news", server: "one" }, async ({ body }) => `heard ${body}`);
    await first.close();
    const second = await connected({ socket: path, serve: true });
    const answered = async (): Promise<string> =>
      second.call({ topic: "news" }, "it", { timeLeft: 5_000 }).catch(() => answered());
    assert.equal(await answered(), "heard it");
    await listening.close();
    await second.close();
  });
});
