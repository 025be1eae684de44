import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { imageStoreSuite } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

async function makeWorld() {
  const folder = await mkdtemp(join(tmpdir(), "sample-plugin-"));
  return {
    folder,
    makeStore: async () => new SamplePlugin(samplePluginOptions.schema.parse({ path: "." }), folder),
    stored: async () => (await readdir(folder)).length,
    end: () => rm(folder, { recursive: true }),
  };
}

describe("SamplePlugin does what every image store promises:", () => {
  for (const { name, run } of imageStoreSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  it("keeps what it is given to its owner alone", async () => {
    const { folder, makeStore, end } = await makeWorld();
    await (await makeStore()).write("an-image", Readable.from([Buffer.from("bytes")]), 100);
    assert.equal((await stat(join(folder, "an-image"))).mode & 0o777, 0o600);
    await end();
  });

  it("makes no path of what is no id", async () => {
    const { makeStore, end } = await makeWorld();
    const store = await makeStore();
    for (const id of ["../x", "a/b", ""]) await assert.rejects(store.read(id), { code: "image.unavailable" });
    await end();
  });
});
